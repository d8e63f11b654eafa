import { fromBinary } from '@bufbuild/protobuf';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { EXIT } from '../exit.ts';
import { pinnedGenesis } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { envelopeFrom, showFrom } from '../vault/statements.ts';
import { Checks, envelopesFrom, openAll, require } from './checks.ts';
import { type AnyEvidence, readEvidence } from './document.ts';
import { verifyKeygen } from './verify-keygen.ts';
import { verifySigning } from './verify-signing.ts';
import { verifySweep } from './verify-sweep.ts';
import { DepositsSeenSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';

/** Checks an exported transcript with nothing but the pinned genesis: no network, no database, no trust in who exported it. */
export function verifyFile(options: { readonly data: string; readonly network?: string }, file: string): Outcome {
  const evidence = readEvidence(file);
  const checks = new Checks();
  let failure: FirebreakFailure | undefined;
  try {
    verifyEvidence(pinnedGenesis(options), evidence, checks);
  } catch (error) {
    if (!(error instanceof FirebreakFailure) || error.code !== 'policy.evidence') throw error;
    failure = error;
  }
  const verdict = failure === undefined ? 'VALID' : 'NOT VALID';
  return {
    data: {
      file,
      kind: evidence.kind,
      valid: failure === undefined,
      checks: checks.done,
      claims: checks.claims,
      ...(failure ? { error: { code: failure.code, message: failure.message } } : {}),
    },
    lines: [
      `${evidence.kind} evidence ${file}: ${verdict}`,
      ...checks.done.map(({ name, ok, detail }) => `  ${ok ? 'ok  ' : 'FAIL'}  ${name}: ${detail}`),
      ...checks.claims.map((claim) => `  claim of the coordinator, not proven: ${claim}`),
    ],
    exitCode: failure === undefined ? EXIT.done : EXIT.refused,
  };
}

/** Throws `policy.evidence` at the first check that fails; `checks` holds all that were made. */
export function verifyEvidence(genesis: NetworkGenesis, evidence: AnyEvidence, checks: Checks): void {
  checks.run('the evidence is about the pinned network', () => {
    const place = `${evidence.environment}/${evidence.network}`;
    require(place === `${genesis.environment}/${genesis.name}`, `it is about ${place}`);
    return [undefined, place];
  });
  switch (evidence.kind) {
    case 'keygen':
      return verifyKeygen(genesis, evidence, checks);
    case 'signing':
      return verifySigning(genesis, evidence, transactionCodec(genesis.bitcoinNetwork), checks);
    case 'sweep':
      return verifySweep(genesis, evidence, transactionCodec(genesis.bitcoinNetwork), checks);
    case 'vault':
      return checks.run('enough validators hold terms and certificate', () => {
        const shown = showFrom(genesis, {
          terms: evidence.terms,
          certificate: evidence.certificate,
          termsHeld: evidence.termsHeld.map(envelopeFrom),
          certificateHeld: evidence.certificateHeld.map(envelopeFrom),
        });
        // `vault show` needs only enough of them; whoever verifies a record wants to know that all of it is true.
        const counted = shown.termsHolders.length + shown.certificateHolders.length;
        const told = evidence.termsHeld.length + evidence.certificateHeld.length;
        require(counted === told, `only ${counted} of its ${told} statements are valid`);
        return [undefined, `address ${shown.address}`];
      });
    case 'deposit':
      return checks.run('the statements are signed by distinct validators', () => {
        const opened = openAll(genesis, envelopesFrom(evidence.depositsSeen), { round: Round.DEPOSITS_SEEN });
        for (const { from, payload } of opened.values()) {
          const { vault } = fromBinary(DepositsSeenSchema, payload);
          require(vault === evidence.vault, `validator ${from} speaks of vault ${vault}`);
        }
        return [undefined, `${opened.size} statements`];
      });
  }
}
