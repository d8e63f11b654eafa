import { judgeSweepVotes } from '../../domain/approval/sweep.ts';
import type { SweepEvidence } from '../../domain/ceremony/evidence.ts';
import { walkEpochs } from '../../domain/committee/epoch.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { TransactionCodec } from '../../domain/ports/chain.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { vaultScript } from '../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import { type Checks, require, same } from './checks.ts';
import { verifyGround, verifySpend, type Word } from './verify-spend.ts';

/** Recomputes a sweep from its transcript: who voted for it, which key it went to, and that the transaction is exactly that. */
export function verifySweep(
  genesis: NetworkGenesis,
  evidence: SweepEvidence,
  codec: TransactionCodec,
  checks: Checks,
): void {
  const { step, proof, epochs, successor } = evidence;
  const key = verifyGround(genesis, evidence, checks);
  const next = checks.run('the certificate of the successor is signed by every participant', () => {
    const verdict = verifyCertificate(successor, genesis);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    require(verdict.value.epoch > key.epoch, `key epoch ${verdict.value.epoch} does not come after ${key.epoch}`);
    return [verdict.value, `keyset ${verdict.value.keyset}, epoch ${verdict.value.epoch}`];
  });
  const authority = checks.run('the committee follows from the pinned one', () => {
    const walked = walkEpochs(genesis, epochs);
    if (!walked.ok) throw failureOf(walked.refusal);
    return [walked.value, `epoch ${walked.value.committee.epoch}`];
  });
  checks.run('the committee voted for this sweep', () => {
    // Judged as of its own time: evidence outlives the votes.
    const nowSeconds = proof.certificate.subject.expiresAtSeconds - 1;
    const verdict = judgeSweepVotes({ proof, step, fromEpoch: key.epoch, successor }, authority, nowSeconds);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    return [undefined, `step ${step} of ${proof.certificate.subject.run}, by ${verdict.value.join(', ')}`];
  });
  const word: Word = {
    carriedBy: ({ sweep, releaseRequest }) => {
      require(sweep !== undefined && releaseRequest.length === 0, 'the request is not one for a sweep');
      require(sweep.step === step &&
        same(sweep.proof, toHex(encodeDocument(proof))) &&
        same(
          sweep.successor,
          toHex(encodeDocument(successor)),
        ), 'the request carries other votes or another successor');
    },
    destination: { script: vaultScript(next, evidence.terms.terms), name: 'the same vault under the successor' },
  };
  verifySpend(genesis, evidence, word, codec, checks);
}
