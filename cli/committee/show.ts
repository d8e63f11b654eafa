import { committeeDigest } from '../../domain/committee/committee.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { writeDocument } from '../files.ts';
import type { Outcome } from '../outcome.ts';
import { describeCommittee } from './words.ts';

/** The present committee; `--out` writes it as a draft to edit and propose. */
export function showCommittee(options: CommitteeOptions & { readonly out?: string }): Outcome {
  const { committee, former } = presentAuthority(options);
  if (options.out !== undefined) writeDocument(options.out, 'committee', committee);
  return {
    data: { committee, digest: committeeDigest(committee), former: [...former] },
    lines: [...describeCommittee(committee), ...(options.out === undefined ? [] : [`written to ${options.out}`])],
    ...(options.out === undefined ? {} : { next: `committee propose ${options.out} --reason <text>` }),
  };
}
