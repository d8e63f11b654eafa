import type { ArgumentValue, BoundArgument, CoveredStep } from '../../domain/approval/covered.ts';
import { runsOf } from '../../domain/approval/asking.ts';
import type { VoteRequest } from '../../domain/approval/request.ts';
import { subjectDigest, VOTE_SECONDS_MAX } from '../../domain/approval/vote.ts';
import { type Committee, quorumOf } from '../../domain/committee/committee.ts';
import { offered } from '../../domain/playbook/catalogue.ts';
import { everyStep, strongestEffect } from '../../domain/playbook/nesting.ts';
import type { Argument, Effect, Plan, Step } from '../../domain/playbook/plan.ts';
import { utc } from '../duration.ts';

/** What follows from a yes, in the words that a member reads before signing. Made here from the bytes that are signed and the plan. */
export function describeRequest(
  { subject, covers }: VoteRequest,
  committee: Committee,
  compiled?: { readonly plan: Plan; readonly endorsed: string },
): readonly string[] {
  const plan = compiled?.plan;
  const reviewed = plan === undefined ? undefined : reviewedIn(plan, subject, covers);
  const planned = (id: string): Step | undefined => reviewed?.steps.find((each) => each.id === id);
  const voteBy = reviewed?.voteBySeconds;
  return [
    `${subject.class.toUpperCase()}: ${effectWords(subject.class, reviewed?.effect)}`,
    ...(reviewed === undefined ? [] : questionLines(reviewed.question)),
    ...covers.flatMap((covered) => describeStep(covered, planned(covered.step))),
    `  network    ${subject.network} (${subject.environment})`,
    `  run        ${subject.run}, step ${subject.step}`,
    `  playbook   ${subject.playbook}${plan === undefined ? ' (NOT COMPARED with a playbook: give --playbook)' : ` (${plan.name}, compiled here)`}`,
    ...(compiled === undefined ? [] : [`             ${compiled.endorsed}`]),
    `  arguments  ${subject.arguments}`,
    `  committee  epoch ${subject.committeeEpoch}, ${quorumOf(committee, subject.class)} of ${committee.members.length} seats must approve`,
    `  vote by    ${voteBy === undefined ? 'what "incident show" says' : utc(voteBy)}; silence is no approval`,
    `  until      ${utc(subject.expiresAtSeconds)} what was approved may be done; from then on no vote counts`,
    `  digest     ${subjectDigest(subject)} (computed here)`,
  ];
}

/** The class says whose signatures it takes; only the steps say whether it can be taken back. */
function effectWords(kind: VoteRequest['subject']['class'], effect: Effect | undefined): string {
  if (kind === 'freeze') return 'a brake that ends by itself';
  if (kind === 'lift') return 'a brake or a protection is taken away';
  if (effect === undefined) return 'whether it can be undone stands in the playbook: give --playbook';
  return {
    irreversible: 'something that cannot be undone',
    reversible: 'something that can be undone',
    none: 'something that changes nothing outside of the run',
  }[effect];
}

/** What the plan that the member compiled says of the approval. */
function reviewedIn(plan: Plan, { step, expiresAtSeconds }: VoteRequest['subject'], request: VoteRequest['covers']) {
  const steps = everyStep(plan.steps);
  const asking = steps.find(({ id }) => id === step);
  if (asking === undefined || !('approval' in asking)) return undefined;
  const { covers, question } = asking.approval;
  const covered = steps.filter(({ id }) => covers.includes(id));
  // As the run made the end of the certificate: the time to vote, and then as long as the work may take.
  const workMs = covered.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  const isCut = asking.timeoutMs + workMs > VOTE_SECONDS_MAX * 1_000;
  return {
    steps,
    question: questionIn(question, valuesIn(covered, request)),
    effect: strongestEffect(covered),
    voteBySeconds: isCut ? undefined : Math.floor(expiresAtSeconds - workMs / 1_000),
  };
}

/** What expressions of the plan are in this request, by the arguments that are made of nothing else: it is what the member signs. */
function valuesIn(planned: readonly Step[], covers: VoteRequest['covers']): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const step of planned) {
    const signed = covers.find((covered) => covered.step === step.id)?.arguments ?? {};
    for (const [name, argument] of Object.entries(runsOf(step)?.given ?? {})) {
      const bound = offered(signed, name);
      if ('cel' in argument && bound !== undefined && 'value' in bound)
        values.set(argument.cel.trim(), Array.isArray(bound.value) ? bound.value.join(', ') : String(bound.value));
    }
  }
  return values;
}

/** The playbook's own words with the values that are signed; what only the run knows stands as the expression that gives it. */
function questionIn(question: Argument, values: ReadonlyMap<string, string>): string {
  const said = (cel: string): string => values.get(cel.trim()) ?? `{${cel}}`;
  if ('literal' in question) return plain(String(question.literal));
  if ('cel' in question) return plain(said(question.cel));
  return plain(question.text.map((part) => (typeof part === 'string' ? part : said(part.cel))).join(''));
}

const questionLines = (question: string): readonly string[] => [
  `  question   ${question}`,
  ...(/\{[^}]+\}/.test(question)
    ? ['             (what stands in {} only the run knows; it is not part of what is signed)']
    : []),
];

const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');

function describeStep(
  { step, kind, name: what, arguments: given }: CoveredStep,
  planned: Step | undefined,
): readonly string[] {
  const names = Object.keys(given);
  const width = Math.max(0, ...names.map((name) => name.length));
  return [
    `  then step ${step}: ${kind} ${what}${planned === undefined ? '' : `: ${planned.summary}`}`,
    ...undoWords(planned),
    ...Object.entries(given).map(([name, argument]) => `    ${name.padEnd(width)}  ${describeArgument(argument)}`),
  ];
}

function undoWords(planned: Step | undefined): readonly string[] {
  if (planned === undefined || !('effect' in planned)) return [];
  if (planned.effect === 'irreversible') return ['    CANNOT BE UNDONE'];
  const { compensate } = { compensate: undefined, ...planned };
  return compensate === undefined ? [] : [`    undone by ${compensate.action}`];
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
