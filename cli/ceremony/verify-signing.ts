import type { SigningEvidence } from '../../domain/ceremony/evidence.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { TransactionCodec } from '../../domain/ports/chain.ts';
import { feeLadder } from '../../domain/vault/fee-ladder.ts';
import { outpointText } from '../../domain/vault/terms.ts';
import { judgeReleaseRequest } from '../../domain/vault/verify-release.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import { type Checks, require, same } from './checks.ts';
import { verifyGround, verifySpend, type Word } from './verify-spend.ts';

/** Recomputes a payout from its transcript: who asked for it, what was signed by whom, and that the transaction is exactly that. */
export function verifySigning(
  genesis: NetworkGenesis,
  evidence: SigningEvidence,
  codec: TransactionCodec,
  checks: Checks,
): void {
  verifyGround(genesis, evidence, checks);
  const { terms } = evidence.terms;
  const { request } = evidence.release;
  checks.run('the release key asked for this payout', () => {
    // Judged as of its own time: evidence outlives the request.
    const nowSeconds = request.expiresAtSeconds - 1;
    const verdict = judgeReleaseRequest(evidence.release, terms, {
      environment: genesis.environment,
      network: genesis.name,
      nowSeconds,
    });
    if (!verdict.ok) throw failureOf(verdict.refusal);
    return [undefined, `${request.amountSats} sat`];
  });
  const word: Word = {
    carriedBy: ({ releaseRequest, sweep }) => {
      require(same(
        releaseRequest,
        toHex(encodeDocument(evidence.release)),
      ), 'the request carries another release request');
      require(sweep === undefined, 'the request carries votes beside its release request');
    },
    destination: { script: terms.payoutScript, name: 'the recorded script' },
    coins: (inputs, sum, fee) => {
      require(inputs.map(outpointText).join() ===
        request.outpoints.map(outpointText).join(), 'the transaction spends other coins than the release names');
      require(sum === request.amountSats, `the coins hold ${sum} sat, the release says ${request.amountSats}`);
      const fees = feeLadder(request);
      require(fees.includes(fee), `the fee is ${fee} sat, the release says ${fees.join(', ')}`);
    },
  };
  verifySpend(genesis, evidence, word, codec, checks);
}
