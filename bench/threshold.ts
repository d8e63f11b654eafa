import { randomBytes } from 'node:crypto';
import { THRESHOLD, SIGNER_COUNT } from '../devnet/layout.ts';
import { signingSuite } from '../threshold/session/suite.ts';
import { signAll } from '../threshold/testkit/ceremony.ts';
import { generateKeyset, idsUpTo } from '../threshold/testkit/keyset.ts';
import { verifyingSuite } from '../threshold/verify/suite.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { bareKeygen, bareSigning } from './noble.ts';
import { type SpanPair, spanReading, timed } from './timed.ts';

const RUNS = 7;
const FLOOR = 'floor: bare noble calls in sequence';

/** The arithmetic alone: what the whole ceremonies of `ceremonies.ts` cannot be quicker than. */
export const threshold: Measure = {
  name: 'threshold',
  about:
    `The ${THRESHOLD}-of-${SIGNER_COUNT} arithmetic in one process, without transport, disk or Temporal. Floor: the bare calls of ` +
    `noble's \`schnorr_FROST\` in sequence (key generation: three rounds of ${SIGNER_COUNT} participants; signing: ${THRESHOLD} ` +
    `commitments, ${THRESHOLD} partial signatures, one aggregation with its final verification). Result: the same through our suites, which ` +
    'add the checks that name culprits, the tweak of a vault and the erasing of secrets. These floors return in the ceremonies.',
  run: (setting) => Promise.resolve(compare(setting)),
};

function compare({ runs = RUNS, say, signal }: Setting): readonly Reading[] {
  const keygens: SpanPair[] = [];
  const signings: SpanPair[] = [];
  // The first round warms the compiler and the library's tables; it is not counted.
  for (let round = 0; round <= runs; round += 1) {
    signal.throwIfAborted();
    const bare = timed(() => bareKeygen(SIGNER_COUNT, THRESHOLD));
    const ours = timed(() => generateKeyset(signingSuite, 'bench', SIGNER_COUNT, THRESHOLD));
    const message = randomBytes(32);
    const { public: pub } = bare.value[0] ?? missing();
    const signers = bare.value.slice(0, THRESHOLD).map((key) => key.secret);
    const bareSigned = timed(() => bareSigning(pub, signers, message));
    const oursSigned = timed(() => sign(ours.value, message));
    if (round === 0) continue;
    keygens.push({ result: ours, floor: bare });
    signings.push({ result: oursSigned, floor: bareSigned });
    say(`${round} of ${runs}`);
  }
  return [
    spanReading(`${THRESHOLD}-of-${SIGNER_COUNT} key generation, our suite`, keygens, FLOOR),
    spanReading(`${THRESHOLD}-of-${SIGNER_COUNT} signing, our suite`, signings, FLOOR),
  ];
}

function sign(keyset: ReturnType<typeof generateKeyset>, message: Uint8Array): Uint8Array {
  const tweak = { vaultId: message, root: new Uint8Array(0) };
  const pair = { signing: signingSuite, verifying: verifyingSuite };
  const { signers, partials } = signAll(pair, keyset, idsUpTo(THRESHOLD), tweak, message);
  return verifyingSuite.aggregate(keyset.key, tweak, signers, message, partials);
}

function missing(): never {
  throw new Error('a key generation has participants');
}
