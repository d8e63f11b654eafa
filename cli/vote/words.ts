import type { ArgumentValue, BoundArgument, CoveredStep } from '../../domain/approval/covered.ts';
import type { VoteRequest } from '../../domain/approval/request.ts';
import { subjectDigest } from '../../domain/approval/vote.ts';
import { type Committee, quorumOf } from '../../domain/committee/committee.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import type { Plan } from '../../domain/playbook/plan.ts';
import { utc } from '../duration.ts';

const CLASS_WORDS = {
  freeze: 'FREEZE: a brake that ends by itself',
  lift: 'LIFT: a brake or a protection is taken away',
  change: 'CHANGE: something that cannot be undone',
} as const;

/** What follows from a yes, in the words that a member reads before signing. Made here from the bytes that are signed. */
export function describeRequest(
  { subject, covers }: VoteRequest,
  committee: Committee,
  plan?: Plan,
): readonly string[] {
  const summaries = new Map(plan === undefined ? [] : everyStep(plan.steps).map(({ id, summary }) => [id, summary]));
  return [
    CLASS_WORDS[subject.class],
    ...covers.flatMap((covered) => describeStep(covered, summaries.get(covered.step))),
    `  network    ${subject.network} (${subject.environment})`,
    `  run        ${subject.run}, step ${subject.step}`,
    `  playbook   ${subject.playbook}${plan === undefined ? ' (NOT COMPARED with a playbook: give --playbook)' : ` (${plan.name}, compiled here)`}`,
    `  arguments  ${subject.arguments}`,
    `  committee  epoch ${subject.committeeEpoch}, ${quorumOf(committee, subject.class)} of ${committee.members.length} seats must approve`,
    `  until      ${utc(subject.expiresAtSeconds)}; silence is no approval`,
    `  digest     ${subjectDigest(subject)} (computed here)`,
  ];
}

function describeStep(
  { step, kind, name: what, arguments: given }: CoveredStep,
  summary: string | undefined,
): readonly string[] {
  const names = Object.keys(given);
  const width = Math.max(0, ...names.map((name) => name.length));
  return [
    `  then step ${step}: ${kind} ${what}${summary === undefined ? '' : `: ${summary}`}`,
    ...Object.entries(given).map(([name, argument]) => `    ${name.padEnd(width)}  ${describeArgument(argument)}`),
  ];
}

/** Texts of an alert may stand in here: as JSON, a control character cannot rewrite the screen. */
const describeArgument = (argument: BoundArgument): string =>
  'value' in argument
    ? printable(argument.value)
    : `whatever step ${argument.output.step} of this run certifies as ${argument.output.name}`;

const printable = (value: ArgumentValue): string =>
  JSON.stringify(value).replaceAll(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
