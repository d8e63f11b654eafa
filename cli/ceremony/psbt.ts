import { fromBinary } from '@bufbuild/protobuf';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { payoutPsbt } from '../../plugins/chain/bitcoin/psbt.ts';
import { SigningRequestSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { pinnedGenesis } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { Checks } from './checks.ts';
import { readEvidence } from './document.ts';
import { verifyEvidence } from './verify.ts';

/** The payout of an evidence file as a PSBT that any wallet can show; only of evidence that verifies here. */
export function showPsbt(options: { readonly data: string; readonly network?: string }, file: string): Outcome {
  const evidence = readEvidence(file);
  const isSpend = evidence.kind === 'signing' || evidence.kind === 'sweep';
  const last = isSpend ? evidence.sessions.at(-1) : undefined;
  if (!isSpend || last === undefined) {
    throw new FirebreakFailure(
      'input.file',
      `${file} is ${evidence.kind} evidence; only a payout or sweep has a transaction`,
      {
        file,
      },
    );
  }
  const genesis = pinnedGenesis(options);
  verifyEvidence(genesis, evidence, new Checks());
  const { inputs } = fromBinary(SigningRequestSchema, fromHex(last.requestHex, 'request'));
  const signed = inputs.map(({ prevout }, index) => ({
    script: toHex(prevout?.script ?? new Uint8Array(0)),
    amountSats: Number(prevout?.amountSats ?? 0n),
    signature: fromHex(evidence.signaturesHex[index] ?? '', 'signature', 64),
  }));
  const psbt = payoutPsbt(genesis.bitcoinNetwork, fromHex(evidence.transactionHex, 'transaction'), signed);
  return { data: { file, psbt }, lines: [psbt] };
}
