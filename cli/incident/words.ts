import { type Asks, commandsOf } from '../../domain/incident/asks.ts';
import type { IncidentView } from '../../workflows/incident/messages.ts';
import type { RunView } from '../../workflows/run-playbook/messages.ts';
import { utc } from '../duration.ts';

/** Texts of alerts, forms and comments may stand in here; a control character must not rewrite the screen. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');

/**
 * Where a run stands and what people are asked for in full, each with the command that does it. The incident around it says first who must
 * act (`NEXT`), in one line each; without one, this does.
 */
export function describeRun(
  view: RunView,
  workflowId: string,
  { inIncident, pinnedEpoch }: { readonly inIncident: boolean; readonly pinnedEpoch: number },
): readonly string[] {
  const {
    name,
    playbook,
    phase,
    now,
    approvals,
    tasks,
    orders,
    committeeEpoch = pinnedEpoch,
    undoable,
    resumable,
    refusal,
  } = view;
  // The pinned network file alone does not know whose order validators obey.
  const chain = committeeEpoch > pinnedEpoch ? ' --chain <committee epochs file>' : '';
  const next = inIncident ? 'asked' : 'NEXT ';
  const commands = (asks: Omit<Asks, 'of'>, fields?: string): readonly string[] =>
    commandsOf({ of: workflowId, ...asks }, fields).map((command) => `             ${command}`);
  return [
    `${name}: ${phase.toUpperCase()}`,
    `  run        ${view.run}`,
    `  plan       ${playbook}`,
    ...(now.length === 0
      ? []
      : [
          `  now        ${now.map(({ step, sinceMs, child }) => `${step} (since ${utc(sinceMs / 1_000)}${child === undefined ? '' : `, see ${child}`})`).join(', ')}`,
        ]),
    ...approvals.flatMap(({ request: { subject }, question, have, need, votes = [], silent, untilMs }) => [
      `  ${next}      committee: ${have} of ${need} seats have approved step ${subject.step}, vote by ${utc(untilMs / 1_000)}`,
      `             ${plain(question)}`,
      ...(votes.length === 0
        ? []
        : [`             voted: ${votes.map(({ name, choice }) => `${name} ${choice}`).join(', ')}`]),
      `             silent: ${silent.join(', ') || 'nobody'}`,
      ...commands({ kind: 'vote', step: subject.step }),
    ]),
    ...tasks.flatMap(({ step, role, instruction, form, untilMs }) => [
      `  ${next}      ${role}: form of step ${step}, until ${utc(untilMs / 1_000)}`,
      `             ${plain(instruction)}`,
      ...Object.entries(form).map(
        ([field, { type, label, options }]) => `             ${field} (${options?.join('|') ?? type}): ${label}`,
      ),
      ...commands({ kind: 'form', step }, fieldsOf(form)),
    ]),
    ...orders.flatMap(({ step, kind, above, untilMs, isWaitedFor }) => [
      `  ${next}      committee: sign a ${kind} with a number above ${above} for step ${step}, until ${utc(untilMs / 1_000)}`,
      `             firebreak order make ${kind} --number ${above + 1} --reason <text>${chain}`,
      ...(isWaitedFor
        ? commands({ kind: 'order' })
        : [`             firebreak order send <signed order file>${chain}`]),
    ]),
    ...(phase === 'halted' && !inIncident
      ? ['  NEXT       commander: undo or close the run', ...commands({ kind: 'halted' }).slice(1)]
      : []),
    ...(refusal === undefined ? [] : [`  failure    ${refusal.code}: ${plain(refusal.message)}`]),
    ...(resumable === undefined ? [] : [`  resume     from ${resumable.join(', ') || 'no step'}`]),
    ...undoable.map(
      ({ step, action, refusal: no }) =>
        `  standing   ${step}, undone by ${action}${no === undefined ? '' : ` (${no.code})`}`,
    ),
  ];
}

/** Every field with what may stand in it. */
const fieldsOf = (form: RunView['tasks'][number]['form']): string =>
  Object.entries(form)
    .map(([field, { type, options }]) => `--field ${field}=<${options?.join('|') ?? type}>`)
    .join(' ');

/** Everything that an incident keeps of what happened, oldest first. */
export const describeTimeline = ({ timeline, leftOut }: IncidentView): readonly string[] => [
  '  timeline',
  ...(leftOut === 0 ? [] : [`    (${leftOut} older lines made place)`]),
  ...timeline.flatMap(({ atMs, kind, by, text, attachments = [] }) => [
    `    ${utc(atMs / 1_000)}  ${kind.padEnd(8)}  ${plain(by)}: ${plain(text)}`,
    ...attachments.map(({ name, blob }) => `      attached ${plain(name)}: ${blob.digest} (${blob.sizeBytes} bytes)`),
  ]),
];
