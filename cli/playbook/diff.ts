import { differencesOf } from '../../domain/playbook/difference.ts';
import type { Outcome } from '../outcome.ts';
import { loadFile, type PlaybookOptions } from './sources.ts';
import { refusedPlaybook } from './validate.ts';

/** Where two playbooks mean something else; layout, comments and the order of keys mean nothing. */
export function diffPlaybooks(before: string, after: string, options: PlaybookOptions): Outcome {
  const [one, other] = [loadFile(before, options), loadFile(after, options)];
  if (!one.ok) return refusedPlaybook(one.problems);
  if (!other.ok) return refusedPlaybook(other.problems);
  const differences = differencesOf(one.plan, other.plan);
  return {
    data: { before: one.digest, after: other.digest, differences },
    lines:
      differences.length === 0
        ? [`SAME PLAN ${one.digest}`]
        : [
            `before ${one.digest}`,
            `after  ${other.digest}`,
            ...differences.flatMap(({ field, before: was, after: is }) => [
              field,
              ...(was === undefined ? [] : [`  - ${was}`]),
              ...(is === undefined ? [] : [`  + ${is}`]),
            ]),
          ],
  };
}
