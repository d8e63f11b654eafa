import type { BlameProof } from '../../domain/ceremony/blame.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import { type NetworkGenesis, validatorName } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { type Blame, judgeBlame } from '../../threshold/verify/blame.ts';
import { openBlame } from '../../wire/blame.ts';
import { parseBlameProof } from '../../wire/documents/index.ts';
import { EXIT } from '../exit.ts';
import { readBounded } from '../files.ts';
import { pinnedGenesis } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { remedyOf, typed } from '../report.ts';

/** Whom a proof convicts, with nothing but the pinned network: whoever made or carried it is not believed. */
export function verifyProof(options: { readonly data: string; readonly network?: string }, file: string): Outcome {
  const proof = parseBlameProof(readBounded(file, 'proof'), file);
  const found = verdictOf(pinnedGenesis(options), proof);
  return {
    data: {
      file,
      kind: proof.kind,
      ...('culprit' in found ? { valid: true, ...found } : { valid: false, error: found }),
    },
    lines:
      'culprit' in found
        ? [`${proof.kind} proof ${file}: VALID`, `  ${validatorName(found.culprit)} ${found.why}`]
        : [
            `${proof.kind} proof ${file}: NOT VALID`,
            `  ${found.code}: ${found.message}`,
            `  remedy     ${typed(remedyOf(found.code))}`,
          ],
    exitCode: 'culprit' in found ? EXIT.done : EXIT.refused,
  };
}

export function verdictOf(genesis: NetworkGenesis, proof: BlameProof): Blame | Refusal {
  const opened = openBlame(genesis, proof);
  if (!opened.ok) return opened.refusal;
  const blame = judgeBlame(opened.value, { genesis, codec: transactionCodec(genesis.bitcoinNetwork) });
  return blame.ok ? blame.value : blame.refusal;
}
