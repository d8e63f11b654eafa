import { epochDigest, judgeEpoch } from '../../domain/committee/epoch.ts';
import { type CommitteeOptions, presentAuthority, readEpochs } from '../authority.ts';
import { readEpoch } from '../documents.ts';
import { EXIT } from '../exit.ts';
import { writeDocument } from '../files.ts';
import type { Outcome } from '../outcome.ts';
import { describeHandOver } from './words.ts';

/** Whether a signed epoch follows the present committee; `--out` writes the chain with it, only when it does. */
export function verifyCommittee(file: string, options: CommitteeOptions & { readonly out?: string }): Outcome {
  const authority = presentAuthority(options);
  const signed = readEpoch(file);
  const verdict = judgeEpoch(signed, authority);
  if (verdict.ok && options.out !== undefined) {
    writeDocument(options.out, 'committee chain', { version: 1, epochs: [...readEpochs(options), signed] });
  }
  return {
    data: {
      digest: epochDigest(signed.epoch),
      valid: verdict.ok,
      ...(verdict.ok ? {} : { refusal: verdict.refusal }),
    },
    lines: [
      ...describeHandOver(authority.committee, signed),
      verdict.ok
        ? `  verdict  VALID: it follows the committee of epoch ${authority.committee.epoch}`
        : `  verdict  NOT VALID (${verdict.refusal.code}): ${verdict.refusal.message}`,
      ...(verdict.ok && options.out !== undefined ? [`written to ${options.out}`] : []),
    ],
    ...(verdict.ok && options.out !== undefined ? { next: `committee hand ${options.out}` } : {}),
    exitCode: verdict.ok ? EXIT.done : EXIT.refused,
  };
}
