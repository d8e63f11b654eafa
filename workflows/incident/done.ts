import { inertText } from '../../domain/alert/text.ts';
import type { AuditEntry } from '../../domain/audit/record.ts';
import type { TimelineEvent } from '../../domain/incident/timeline.ts';

/** What was done, as people outside are told it. */
export type Done = { readonly atMs: number; readonly text: string };

export const DONE_MAX = 20;
const TEXT_MAX = 300;
const ASK_FOR_LIFT = 'custody.askForLift';

/** What a run says that it or somebody has done; undefined: nothing that changed the world or that a person decided. */
export function doneIn(entry: AuditEntry): Done | undefined {
  const text = textOf(entry);
  return text === undefined ? undefined : { atMs: entry.atMs, text: inertText(text, TEXT_MAX) };
}

function textOf({ kind, facts, by }: AuditEntry): string | undefined {
  switch (kind) {
    case 'task.answered': {
      const values = Object.entries(facts.values ?? {}).map(([name, value]) => `${name} ${String(value)}`);
      return `${by} answered step ${facts.step}${values.length === 0 ? '' : `: ${values.join(', ')}`}`;
    }
    case 'approval.certified':
      return `the committee approved step ${facts.step}`;
    case 'approval.refused':
      return `the committee did not approve step ${facts.step}`;
    case 'order.obeyed':
      return facts.untilSeconds === 0
        ? `order ${facts.number} lifted the freeze`
        : `order ${facts.number} froze payouts`;
    case 'grant.used':
      return 'payouts were frozen by a standing order';
    case 'key.certified':
      return `a key of epoch ${facts.epoch} was made`;
    case 'transaction.sent':
      return `a ${facts.purpose} was sent: ${facts.txid}`;
    case 'vaults.swept':
      return `${facts.swept} of ${facts.vaults} vaults were swept to the key of epoch ${facts.toEpoch}`;
    case 'step.undone':
      if (facts.outcome !== 'finished') return undefined;
      // Taking a freeze back is asking for it: the committee alone lifts.
      return facts.does === ASK_FOR_LIFT
        ? `the committee was asked to lift what step ${facts.step} froze`
        : `step ${facts.step} was taken back`;
    default:
      return undefined;
  }
}

/** Of a timeline: how the incident and its runs began and ended, its alerts, and what people said. Not what was told to whom. */
export const doneInTimeline = (events: readonly TimelineEvent[]): readonly Done[] =>
  events.filter(({ kind, text }) => SAID.has(kind) || (kind === 'run' && ENDED.test(text)));

const SAID: ReadonlySet<TimelineEvent['kind']> = new Set([
  'opened',
  'alert',
  'severity',
  'role',
  'note',
  'decision',
  'closed',
]);
const ENDED = /: (done|halted|failed)\b/;
