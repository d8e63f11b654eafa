import { headOf } from '../../domain/audit/chain.ts';
import type { AuditFacts, AuditKind, AuditRecord } from '../../domain/audit/record.ts';
import { require } from '../ceremony/checks.ts';
import { type Context, documentOf } from './context.ts';
import { requireSigned, signedHeadIn } from './signed-head.ts';
import {
  approvalAsked,
  approvalCertified,
  committeeChanged,
  playbookOpened,
  stepEnded,
  valuesKept,
  voteCounted,
} from './verify-decisions.ts';
import { runTold, severityChanged } from './verify-commands.ts';
import { requirePlaybook, runEnded, runGoing, stepStarted, stepUndone } from './verify-runs.ts';
import { grantUsed, keyCertified, orderHanded, orderObeyed, transactionSent, vaultsSwept } from './verify-effects.ts';

type Check<Kind extends AuditKind> = (context: Context, facts: AuditFacts[Kind], record: AuditRecord) => void;

/** What people and alerts say is believed to be what they said, and nothing more is in it to be proven. */
const said = (): void => undefined;

const CHECKS: { readonly [Kind in AuditKind]: Check<Kind> } = {
  'incident.opened': (context, { severity }, { count }) => {
    require(count === 1, 'an incident is opened by its first record');
    context.severity = severity;
  },
  'alert.joined': said,
  'alert.resolved': said,
  'severity.changed': severityChanged,
  'role.taken': said,
  'note.added': said,
  'notice.sent': said,
  'playbook.opened': playbookOpened,
  'playbook.ended': runEnded,
  'run.told': runTold,
  'step.started': stepStarted,
  'step.ended': stepEnded,
  'step.undone': stepUndone,
  'approval.asked': approvalAsked,
  'vote.counted': voteCounted,
  'approval.certified': approvalCertified,
  'approval.refused': runGoing,
  'committee.changed': committeeChanged,
  'order.handed': orderHanded,
  'order.obeyed': orderObeyed,
  'grant.used': grantUsed,
  'key.certified': keyCertified,
  'transaction.sent': transactionSent,
  'vaults.swept': vaultsSwept,
  'task.asked': runGoing,
  'task.answered': valuesKept('answers'),
  'head.signed': headSigned,
  'records.dropped': said,
  'incident.closed': (context, { outcome }) => {
    require(outcome !== 'done' || context.outcome === 'done', 'its run has not ended well');
    context.closed = true;
  },
};

/** Throws what is wrong with one record, given everything before it. */
export function verifyRecord(context: Context, record: AuditRecord): void {
  require(!context.closed, 'it comes after the incident was closed');
  require(record.count !== 1 || record.kind === 'incident.opened', 'a chain begins with the opening of its incident');
  const check = CHECKS[record.kind] as Check<AuditKind>;
  check(context, record.facts, record);
  requirePlaybook(context, record);
}

/** An earlier head is that of this very chain, and its statements are as good as those of the last one. */
function headSigned(
  context: Context,
  { count, head, root, validators }: AuditFacts['head.signed'],
  record: AuditRecord,
): void {
  require(count < record.count, 'it is about records that were not there yet');
  const { incident } = record;
  const state = context.states[count - 1];
  const here = state === undefined ? undefined : headOf({ incident }, state);
  require(here?.head === head && here.root === root, 'it is not a head of this chain');
  const { statements } = documentOf(context, record, 'heads', signedHeadIn);
  const signers = requireSigned(context.genesis, here, statements);
  require(signers.join() === validators.join(), 'other validators have signed than it names');
}
