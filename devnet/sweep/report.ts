import { type Hit } from './volley.ts';
import { pointOf, type SweepState } from './state.ts';

/** A page about everything that a state holds, and about what it lacks. */
export function reportOf(state: SweepState, wanted: number): readonly string[] {
  const { singles, pairs } = state.points();
  const runs = state.runs();
  const differing = runs.filter(({ differs }) => differs !== undefined);
  const total = singles.size + pairs.size;
  return [
    '# Crash sweep',
    '',
    '<!-- Written by `npm run sweep -- --write`. -->',
    '',
    `${total} points of ${wanted} have been run: ${singles.size} with one SIGKILL and ${pairs.size} with two or more. ` +
      (differing.length === 0
        ? 'Every run came to what it comes to undisturbed.'
        : `${differing.length} runs came to something else; they stand below.`),
    '',
    ...(total < wanted
      ? [`**The sweep is not whole**: ${wanted - total} points are missing. \`npm run sweep\` goes on with them.`, '']
      : []),
    ...HOW,
    '',
    ...whenLines(state),
    '',
    '## One kill: workflow × process',
    '',
    'Distinct steps after which the process was killed, and how many steps an undisturbed run records.',
    '',
    ...killTable(state),
    '',
    '## Two kills or more: workflow × process that died second',
    '',
    ...pairTable(state),
    '',
    '## Steps that no kill has met yet',
    '',
    ...missingLines(state),
    '',
    '## Runs that came to something else',
    '',
    ...(differing.length === 0
      ? ['None.']
      : differing.map(
          ({ workflow, hits, differs }) =>
            `- ${workflow}: ${hits.map(({ label, victim }) => pointOf(label, victim)).join(', then ')}: \`${JSON.stringify(differs)}\``,
        )),
    '',
    '## Secrets',
    '',
    ...secretLines(state),
    '',
  ];
}

const HOW = [
  'Each point is a run of one workflow on a network of real processes (four validators of which three sign, two Bitcoin nodes, Temporal and one',
  'worker), in which a process got SIGKILL right after the run had recorded a step: an event of its history in Temporal, or a step of a ceremony in a',
  'validator’s journal. Both are only looked at, from outside; the supervisor starts again what died. Several runs are under way when a kill comes, and',
  'each of them is a point of its own, named by the last step that it had recorded by then. A point that comes up again counts once; its outcome is judged every time.',
  '',
  'What is compared: `generateKey`: the key is active in every journal. `openVault`: open under that key, held by enough. `confirmDeposit`: confirmed, one',
  'output, the amount, enough agree. `payOut`: settled, amount and fee, exactly one spend to the recorded script in both Bitcoin nodes, one transaction',
  'in the locks of all validators, the watch of the deposit settled. `sweepVaults` and its `sweepVault`s: swept, exactly one spend to the same vault under the new',
  'key, one transaction in all locks.',
  '',
  'Not in it: `runPlaybook` and `incident`, whose effects die one by one in `test/workflow/shipped-playbooks-killed.test.ts`; the workers of runs are killed behind',
  'each step in `test/e2e/incidents.ts`.',
];

function whenLines(state: SweepState): readonly string[] {
  const sessions = state.lines.filter((line) => line.kind === 'session');
  const volleys = state.lines.filter((line) => line.kind === 'volley');
  const seconds = volleys.reduce((sum, volley) => sum + volley.seconds, 0);
  const { singles, pairs } = state.points();
  const commits = [...new Set(sessions.map(({ commit }) => commit))].join(', ');
  const cores = [...new Set(sessions.map((session) => session.cores))].join(', ');
  const kills = volleys.reduce((sum, volley) => sum + volley.kills, 0);
  const perPoint = seconds / Math.max(1, singles.size + pairs.size);
  return [
    `${state.runs().length} runs were hit by ${kills} kills in ${(seconds / 60).toFixed(0)} minutes (${perPoint.toFixed(1)} s a point), in ${sessions.length} sittings on ` +
      `${cores} cores, first ${sessions[0]?.startedAt ?? 'never'}, last ${sessions.at(-1)?.startedAt ?? 'never'}, at ${commits}, seed ${sessions[0]?.seed ?? 1}.`,
  ];
}

const KINDS = ['worker', 'temporal', 'validator', 'bitcoin'] as const;
const kindOf = (victim: string): string => KINDS.find((kind) => victim.startsWith(kind)) ?? victim;

function workflowsIn(state: SweepState): readonly string[] {
  return [...new Set(state.lines.flatMap((line) => (line.kind === 'undisturbed' ? [line.workflow] : [])))];
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const header = (...cells: readonly string[]): readonly string[] => [row(...cells), row(...cells.map(() => '---'))];

function killTable(state: SweepState): readonly string[] {
  const single = state
    .runs()
    .flatMap(({ workflow, hits: [hit, second] }) =>
      hit === undefined || second !== undefined ? [] : [{ workflow, hit }],
    );
  const distinct = (workflow: string, fits: (hit: Hit) => boolean): number =>
    new Set(
      single
        .filter((each) => each.workflow === workflow && fits(each.hit))
        .map(({ hit }) => pointOf(hit.label, hit.victim)),
    ).size;
  return [
    ...header(
      'workflow',
      'steps',
      'worker',
      'Temporal',
      'validators',
      'of them by the one that recorded it',
      'Bitcoin nodes',
    ),
    ...workflowsIn(state).map((workflow) =>
      row(
        `\`${workflow}\``,
        state.undisturbed(workflow)?.labels.length ?? 0,
        distinct(workflow, ({ victim }) => kindOf(victim) === 'worker'),
        distinct(workflow, ({ victim }) => kindOf(victim) === 'temporal'),
        distinct(workflow, ({ victim }) => kindOf(victim) === 'validator'),
        distinct(workflow, ({ own }) => own),
        distinct(workflow, ({ victim }) => kindOf(victim) === 'bitcoin'),
      ),
    ),
  ];
}

function pairTable(state: SweepState): readonly string[] {
  const pairs = state.runs().flatMap(({ workflow, hits: [first, second] }) =>
    first === undefined || second === undefined
      ? []
      : [
          {
            workflow,
            kind: kindOf(second.victim),
            name: `${pointOf(first.label, first.victim)} ${pointOf(second.label, second.victim)}`,
          },
        ],
  );
  const distinct = (workflow: string, kind: string): number =>
    new Set(pairs.filter((pair) => pair.workflow === workflow && pair.kind === kind).map(({ name }) => name)).size;
  return [
    ...header('workflow', 'worker', 'Temporal', 'a validator', 'a Bitcoin node'),
    ...workflowsIn(state).map((workflow) => row(`\`${workflow}\``, ...KINDS.map((kind) => distinct(workflow, kind)))),
  ];
}

function missingLines(state: SweepState): readonly string[] {
  const met = new Set(state.runs().flatMap(({ workflow, hits }) => hits.map(({ label }) => `${workflow} ${label}`)));
  const lines = workflowsIn(state).flatMap((workflow) => {
    const { labels } = state.undisturbed(workflow) ?? { labels: [] };
    const missing = labels.filter((label) => !met.has(`${workflow} ${label}`));
    return missing.length === 0
      ? []
      : [`- \`${workflow}\`, ${missing.length} of ${labels.length}: ${missing.join(', ')}`];
  });
  return lines.length === 0 ? ['None.'] : lines;
}

function secretLines(state: SweepState): readonly string[] {
  const verdicts = state.lines.filter((line) => line.kind === 'verdict' && line.equations > 0);
  const sum = (of: (verdict: Extract<(typeof verdicts)[number], { kind: 'verdict' }>) => number): number =>
    verdicts.reduce((total, verdict) => total + (verdict.kind === 'verdict' ? of(verdict) : 0), 0);
  return [
    `After each of ${verdicts.length} networks every partial signature of its journals and transcripts became a linear equation in two nonces and a share: ` +
      `${sum((it) => it.equations)} equations over ${sum((it) => it.commitments)} nonce commitments, of ${sum((it) => it.requests)} requests and ${sum((it) => it.transcripts)} transcripts. ` +
      `Commitments in two places: ${sum((it) => it.reused)}. Partial signatures that belong to no request: ${sum((it) => it.unplaced)}. Shares that follow: ${sum((it) => it.recovered)}. ` +
      `A share planted among the same equations with one pair of nonces under three requests was found in ${sum((it) => it.seededRecovered)} of ${verdicts.length}.`,
  ];
}
