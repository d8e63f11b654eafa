import { randomBytes } from 'node:crypto';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { SIGNER_COUNT, THRESHOLD } from '../devnet/layout.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { transactionCodec } from '../plugins/chain/bitcoin/codec.ts';
import { memory } from '../plugins/keystore/memory/index.ts';
import { signingSuite } from '../threshold/session/suite.ts';
import { signAll } from '../threshold/testkit/ceremony.ts';
import { generateKeyset, idsUpTo } from '../threshold/testkit/keyset.ts';
import { verifyingSuite } from '../threshold/verify/suite.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import { TestFleet } from '../validator/custody/testkit/agents.ts';
import { makeKey } from '../validator/custody/testkit/ceremonies.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { bareKeygen } from './noble.ts';
import { type SpanPair, spanReading, timed, timedAsync } from './timed.ts';

const RUNS = 5;

/** What it costs to be sure: everything around the rounds of a key generation, and to name one who lies. */
export const adversity: Measure = {
  name: 'adversity',
  about:
    `In one process, by processor time. Key generation: ${SIGNER_COUNT} whole validators without transport, each with its journal on disk, through ` +
    'commitments, encrypted shares, transcript, certificate and what a complaint would need, every statement signed and checked by all. Floor: the ' +
    `bare rounds of noble by all ${SIGNER_COUNT}. Naming one cheater among ${THRESHOLD}: our aggregation, which fails and says who. Floor: noble’s ` +
    `verification of each of the ${THRESHOLD} shares.`,
  run: (setting) => compare(setting),
};

async function compare({ runs = RUNS, say, signal }: Setting): Promise<readonly Reading[]> {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  const fleet = new TestFleet(SIGNER_COUNT, THRESHOLD, { codec: transactionCodec('regtest'), keystore });
  const keygens: SpanPair[] = [];
  const namings: SpanPair[] = [];
  try {
    // The first round warms the compiler and the library's tables; it is not counted.
    for (let round = 0; round <= runs; round += 1) {
      signal.throwIfAborted();
      const bare = timed(() => bareKeygen(SIGNER_COUNT, THRESHOLD));
      const ours = await timedAsync(async () => {
        const { certificate } = await makeKey(fleet, round + 1);
        await fleet.askAll({ case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } });
      });
      const naming = nameCheater(bare.value);
      if (round === 0) continue;
      keygens.push({ result: ours, floor: bare });
      namings.push(naming);
      say(`${round} of ${runs}`);
    }
  } finally {
    await fleet.close();
  }
  return [
    {
      ...spanReading(`${THRESHOLD}-of-${SIGNER_COUNT} key generation, whole validators`, keygens, 'floor: bare rounds'),
      target: { of: 'ratio', max: 1.5 },
    },
    spanReading(`naming one cheater among ${THRESHOLD}`, namings, 'floor: noble verifies every share'),
  ];
}

function nameCheater(bare: ReturnType<typeof bareKeygen>): SpanPair {
  const message = randomBytes(32);
  const tweak = { vaultId: message, root: new Uint8Array(0) };
  const keyset = generateKeyset(signingSuite, 'bench', SIGNER_COUNT, THRESHOLD);
  const pair = { signing: signingSuite, verifying: verifyingSuite };
  const { signers, partials } = signAll(pair, keyset, idsUpTo(THRESHOLD), tweak, message);
  const [first, second] = idsUpTo(THRESHOLD);
  if (first === undefined || second === undefined) throw new Error('a signing has signers');
  const spoiled = new Map(partials).set(first, partials.get(second) ?? new Uint8Array(32));
  const result = timed(() => {
    try {
      verifyingSuite.aggregate(keyset.key, tweak, signers, message, spoiled);
    } catch (error) {
      if (error instanceof FirebreakFailure && error.code === 'signer-fault.partial') return;
      throw error;
    }
    throw new Error('a wrong partial signature was added up');
  });

  const secrets = bare.slice(0, THRESHOLD).map(({ secret }) => secret);
  const pub = bare[0]?.public;
  if (pub === undefined) throw new Error('a key generation has participants');
  const committed = secrets.map((secret) => schnorr_FROST.commit(secret));
  const list = committed.map(({ commitments }) => commitments);
  const shares = secrets.map((secret, at) => {
    const nonces = committed[at]?.nonces;
    if (nonces === undefined) throw new Error('a signer has no nonce');
    return schnorr_FROST.signShare(secret, pub, nonces, list, message);
  });
  const floor = timed(() =>
    secrets.every(({ identifier }, at) =>
      schnorr_FROST.verifyShare(pub, list, message, identifier, shares[at] ?? new Uint8Array(0)),
    ),
  );
  if (!floor.value) throw new Error('the shares of the floor verify');
  return { result, floor };
}
