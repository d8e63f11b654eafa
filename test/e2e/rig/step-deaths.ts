import { join } from 'node:path';
import { expect } from '@jest/globals';
import { viewOf } from '../../../cli/incident/find.ts';
import { loadFile } from '../../../cli/playbook/sources.ts';
import { patiently } from '../../../devnet/engine.ts';
import { eventsOf, type HistoryEvent, timeOf } from '../../../devnet/history.ts';
import { NETWORK_NAME } from '../../../devnet/layout.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';
import { workerNames } from '../../../devnet/network.ts';
import { everyStep } from '../../../domain/playbook/nesting.ts';
import type { Plan, Step } from '../../../domain/playbook/plan.ts';
import { runOfIncident } from '../../../workflows/incident/messages.ts';
import { stepOfKey } from '../../../workflows/run-playbook/state.ts';

/** Rounds of a loop are alike: its steps are killed behind so many of them. */
const ROUNDS = 2;
const VIEW_MS = 60_000;

export type StepDeaths = {
  /** Once the run is over: whatever ended a step of it, workers died behind it, and mostly before the next one ended. */
  verdict(): Promise<void>;
  /** Nobody is killed any more. */
  stop(): void;
};

/** A try of a step that has ended, by the clock of the engine, and how many were killed then; none, when they were dying of another end. */
type Boundary = {
  readonly step: string;
  readonly endedAtMs: number;
  readonly diedAtMs: number;
  readonly killed: number;
};

/**
 * SIGKILL to the workers that carry this incident's run, each time the engine has written down that a step of it has ended: whoever executed
 * it and whoever moved the run last, or all of them when those are dead already. Whoever takes over begins the next step from the history
 * alone.
 */
export function killBehindEveryStep(net: LiveNetwork, playbook: string, key: string): StepDeaths {
  const plan = planOf(net, playbook);
  const run = runOfIncident(NETWORK_NAME, key);
  const over = new AbortController();
  const boundaries: Boundary[] = [];
  const following = (async () => {
    const endedBy = endings(plan);
    const inLoop = new Set(everyStep(plan.steps).flatMap(loopedIn));
    let moved: Process;
    for await (const event of eventsOf(net.client, run, over.signal)) {
      moved = event.workflowTaskCompletedEventAttributes?.identity ?? moved;
      const step = endedBy(event);
      if (step === undefined) continue;
      const rounds = boundaries.filter((each) => each.step === step).length;
      if (inLoop.has(step) && rounds >= ROUNDS) continue;
      const carriers = [event.activityTaskCompletedEventAttributes?.identity, moved].map(pidOf);
      const killed = kill(net, carriers);
      boundaries.push({ step, endedAtMs: timeOf(event), diedAtMs: Date.now(), killed });
    }
  })();
  following.catch(() => undefined); // the verdict tells it
  return {
    async verdict() {
      await following;
      const { finished } = await patiently('the steps of the run', VIEW_MS, () => viewOf(net.client, run));
      const ended = leavesOf(plan).filter((step) => finished.some((each) => stepOfKey(each) === step));
      expect(ended.length).toBeGreaterThan(3);
      const steps = new Set(boundaries.map(({ step }) => step));
      expect(ended.filter((step) => !steps.has(step))).toEqual([]);
      const nextEndsAtMs = (at: number): number => boundaries[at + 1]?.endedAtMs ?? Number.POSITIVE_INFINITY;
      const inTime = boundaries.filter(({ diedAtMs }, at) => diedAtMs <= nextEndsAtMs(at));
      process.stdout.write(
        `    ${playbook}: workers died ${boundaries.length} times behind ${steps.size} steps, ${inTime.length} times before the next had ended\n`,
      );
      expect(boundaries.filter(({ killed }) => killed > 0).length * 2).toBeGreaterThan(boundaries.length);
      // On a busy machine this process may hear late of a step, and the run has gone on meanwhile.
      expect(inTime.length * 2).toBeGreaterThan(boundaries.length);
    },
    stop: () => over.abort(),
  };
}

/** Afterwards no carrier lives; where none did, being dead of the step before, whoever would take over does not either. */
function kill({ supervisor }: LiveNetwork, carriers: readonly (number | undefined)[]): number {
  const services = workerNames().flatMap((name) => supervisor.service(name) ?? []);
  const carrying = services.filter((service) => carriers.includes(service.pid()));
  // A process that is dying already takes no signal.
  const died = carrying.filter((service) => service.signal('SIGKILL'));
  return died.length > 0 ? died.length : services.filter((service) => service.signal('SIGKILL')).length;
}

type Process = string | null | undefined;
/** A worker's identity ends in its process id: `host/coordinator/pid`. */
const pidOf = (identity: Process): number | undefined =>
  identity === undefined || identity === null ? undefined : Number(/\d+$/.exec(identity)?.[0]);

function planOf({ data, layout }: LiveNetwork, playbook: string): Plan {
  const { network, playbooks: library } = layout;
  const catalogue = join(library, 'catalogue.yaml');
  const loaded = loadFile(join(library, playbook), { data, network, catalogue, library });
  if (!loaded.ok) throw new Error(`${playbook}: ${loaded.problems[0]?.message ?? 'cannot be read'}`);
  return loaded.plan;
}

const loopedIn = (step: Step): readonly string[] =>
  'repeat' in step ? everyStep(step.repeat.steps).map(({ id }) => id) : [];

/** Steps that do something themselves; what holds others ends together with the last of them. */
const leavesOf = ({ steps }: Plan): readonly string[] =>
  everyStep(steps).flatMap((step) =>
    ['parallel', 'switch', 'repeat', 'forEach', 'end'].some((kind) => kind in step) ? [] : [step.id],
  );

type Begun = { readonly type: string; readonly summary: string; readonly input: Readonly<Record<string, unknown>> };

/** Which step an event ends, or a try of it: what the engine knows of it is how it was called when it began. */
function endings(plan: Plan): (event: HistoryEvent) => string | undefined {
  const begun = new Map<string, Begun>();
  const seen = new Set<string>();
  const leaves = new Set(leavesOf(plan));
  const called = ({ type, summary, input }: Begun): string | undefined => {
    if (type === 'judgeApproval') return String((input['expected'] as { readonly step?: unknown }).step);
    const fitting = everyStep(plan.steps).filter((step) => step.summary === summary && leaves.has(step.id));
    // Two steps may have the same words: the earlier comes first.
    return (fitting.find(({ id }) => !seen.has(id)) ?? fitting.at(-1))?.id;
  };
  return (event) => {
    const activity = event.activityTaskScheduledEventAttributes;
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
    if (activity || child) {
      const type = activity?.activityType?.name ?? child?.workflowType?.name ?? '';
      const input = jsonOf((activity ?? child)?.input?.payloads?.[0]?.data) as Begun['input'];
      begun.set(String(event.eventId), { type, input, summary: String(jsonOf(event.userMetadata?.summary?.data)) });
    }
    const answered = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input;
    if (answered?.name === 'answerTask')
      return (jsonOf(answered.args?.payloads?.[0]?.data) as { readonly step: string }).step;
    const by =
      event.activityTaskCompletedEventAttributes?.scheduledEventId ??
      event.childWorkflowExecutionCompletedEventAttributes?.initiatedEventId;
    const what = by === undefined || by === null ? undefined : begun.get(String(by));
    const step = what === undefined ? undefined : called(what);
    if (step !== undefined) seen.add(step);
    return step;
  };
}

const jsonOf = (data: Uint8Array | null | undefined): unknown =>
  data === undefined || data === null || data.length === 0 ? undefined : JSON.parse(Buffer.from(data).toString('utf8'));
