import type { IncidentView } from '../../workflows/incident/messages.ts';
import type { RunView } from '../../workflows/run-playbook/messages.ts';
import { utc } from '../duration.ts';

/** Texts of alerts, forms and comments may stand in here; a control character must not rewrite the screen. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');

/** Where a run stands and who must act next, by when. */
export function describeRun(view: RunView): readonly string[] {
  const { name, playbook, phase, now, approvals, tasks, orders, undoable, refusal } = view;
  return [
    `${name}: ${phase.toUpperCase()}`,
    `  run        ${view.run}`,
    `  plan       ${playbook}`,
    ...(now.length === 0
      ? []
      : [
          `  now        ${now.map(({ step, sinceMs, child }) => `${step} (since ${utc(sinceMs / 1_000)}${child === undefined ? '' : `, see ${child}`})`).join(', ')}`,
        ]),
    ...approvals.flatMap(({ request, question, have, need, silent, untilMs }) => [
      `  NEXT       committee: ${have} of ${need} seats have approved step ${request.subject.step}, until ${utc(untilMs / 1_000)}`,
      `             ${plain(question)}`,
      `             silent: ${silent.join(', ')}`,
    ]),
    ...tasks.flatMap(({ step, role, instruction, form, untilMs }) => [
      `  NEXT       ${role}: form of step ${step}, until ${utc(untilMs / 1_000)}`,
      `             ${plain(instruction)}`,
      ...Object.entries(form).map(
        ([field, { type, label, options }]) => `             ${field} (${options?.join('|') ?? type}): ${label}`,
      ),
    ]),
    ...orders.map(
      ({ step, kind, above, untilMs }) =>
        `  NEXT       committee: sign a ${kind} with a number above ${above} for step ${step}, until ${utc(untilMs / 1_000)}`,
    ),
    ...(phase === 'halted' ? ['  NEXT       commander: undo or close the run'] : []),
    ...(refusal === undefined ? [] : [`  failure    ${refusal.code}: ${plain(refusal.message)}`]),
    ...undoable.map(
      ({ step, action, refusal: no }) =>
        `  standing   ${step}, undone by ${action}${no === undefined ? '' : ` (${no.code})`}`,
    ),
  ];
}

/** Everything that an incident keeps of what happened, oldest first. */
export const describeTimeline = ({ timeline, leftOut }: IncidentView): readonly string[] => [
  '  timeline',
  ...(leftOut === 0 ? [] : [`    (${leftOut} older lines made place)`]),
  ...timeline.flatMap(({ atMs, kind, by, text, attachments = [] }) => [
    `    ${utc(atMs / 1_000)}  ${kind.padEnd(8)}  ${plain(by)}: ${plain(text)}`,
    ...attachments.map(({ name, blob }) => `      attached ${plain(name)}: ${blob.digest} (${blob.sizeBytes} bytes)`),
  ]),
];
