import path from 'node:path';
import type { FailureEntry, FailureFamily, FailureTable } from '../../domain/errors/failure.ts';
import { page } from './markdown.ts';
import { modulesMatching } from './sources.ts';

export const FAMILIES: Readonly<Record<FailureFamily, string>> = {
  input: 'its author must change what was given',
  policy: 'an approver, or the rules, said no',
  conflict: 'somebody else holds what this needs',
  unavailable: 'time, or whoever keeps the thing running; it is tried again',
  'unknown-outcome': 'nobody yet: the world is asked before anything is tried again',
  'signer-fault': 'the validators named as culprits',
  'not-yet': 'nobody; it is waited for',
  bug: 'us; please report it',
};

export type DocumentedCode = FailureEntry & { readonly code: string; readonly origin: string };

/** Every code of every failure table (an export whose name ends in `Failures`), sorted by code. */
export async function documentedCodes(): Promise<readonly DocumentedCode[]> {
  const sources = await modulesMatching(/export const \w+Failures\b/);
  const codes = sources.flatMap(({ file, exports }) =>
    Object.entries(exports)
      .filter(([name]) => name.endsWith('Failures'))
      .flatMap(([, table]) => entriesOf(table as FailureTable, originOf(file))),
  );
  return codes.sort((left, right) => compare(left.code, right.code) || compare(left.origin, right.origin));
}

export async function errorsPage(): Promise<string> {
  const codes = await documentedCodes();
  const introduction = [
    'A failure has a code `family.reason`. The same text is the field `code` in logs and in `--json`, the label `code` of metrics, and the heading here.',
    'The family says who must act:',
    '',
    ...Object.entries(FAMILIES).map(([family, who]) => `- \`${family}\`: ${who}`),
  ].join('\n');
  const sections = [...new Set(codes.map(({ code }) => code))].map((code) =>
    [`## \`${code}\``, ...codes.filter((each) => each.code === code).map(describe)].join('\n\n'),
  );
  return page('Failure codes', introduction, sections);
}

const entriesOf = (table: FailureTable, origin: string): readonly DocumentedCode[] =>
  Object.entries(table).map(([code, entry]) => ({ code, origin, ...entry }));

/** `validator/custody/p2p/failures.ts` → `validator/custody/p2p`. */
const originOf = (file: string): string =>
  path.basename(file).startsWith('failure') ? path.dirname(file) : file.replace(/\.\w+$/, '');

const describe = ({ meaning, remedy, origin }: DocumentedCode): string =>
  `${meaning}\n\n**What to do.** ${remedy} *(\`${origin}\`)*`;

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
