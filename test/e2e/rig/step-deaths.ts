import { join } from 'node:path';
import { expect } from '@jest/globals';
import { viewOf } from '../../../cli/incident/find.ts';
import { loadFile } from '../../../cli/playbook/sources.ts';
import { patiently } from '../../../devnet/engine.ts';
import { eventsOf, type HistoryEvent } from '../../../devnet/history.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';
import { workerNames } from '../../../devnet/network.ts';
import { NETWORK_NAME } from '../../../devnet/layout.ts';
import { everyStep } from '../../../domain/playbook/nesting.ts';
import type { Plan, Step } from '../../../domain/playbook/plan.ts';
import { runOfIncident } from '../../../workflows/incident/messages.ts';
import { stepOfKey } from '../../../workflows/run-playbook/state.ts';

/** Rounds of a loop are alike: its steps are killed behind so many of them. */
const ROUNDS = 2;
const VIEW_MS = 60_000;

/**
 * SIGKILL to the workers that carry this incident's run, each time the engine has written down that a step of it has ended: whoever executed
 * it and whoever moved the run last. Whoever takes over begins the next step from the history alone.
 */
export function killBehindEveryStep(net: LiveNetwork, playbook: string, key: string): StepDeaths {
  const plan = planOf(net, playbook);
  const run = runOfIncident(NETWORK_NAME, key);
  const over = new AbortController();
  const killed = new Map<string, number>();
  const inLoop = new Set(everyStep(plan.steps).flatMap(loopedIn));
  const following = (async () => {
    const endedBy = endings(plan);
    let moved: Process;
    for await (const event of eventsOf(net.client, run, over.signal)) {
      moved = event.workflowTaskCompletedEventAttributes?.identity ?? moved;
      const step = endedBy(event);
      if (step === undefined || (inLoop.has(step) && (killed.get(step) ?? 0) >= ROUNDS)) continue;
      const carriers = [event.activityTaskCompletedEventAttributes?.identity, moved].map(pidOf);
      const died = workerNames().filter((name) => {
        const service = net.supervisor.service(name);
        return carriers.includes(service?.pid()) && service?.signal('SIGKILL');
      });
      if (died.length > 0) killed.set(step, (killed.get(step) ?? 0) + 1);
    }
  })();
  return {
    async verdict() {
      await following;
      const { finished } = await patiently('the steps of the run', VIEW_MS, () => viewOf(net.client, run));
      const ended = leavesOf(plan).filter((step) => finished.some((each) => stepOfKey(each) === step));
      expect(ended.length).toBeGreaterThan(3);
      expect(ended.filter((step) => !killed.has(step))).toEqual([]);
      const kills = [...killed.values()].reduce((sum, each) => sum + each, 0);
      process.stdout.write(`    ${playbook}: ${kills} kills behind ${killed.size} steps\n`);
    },
    stop: () => over.abort(),
  };
}

type Process = string | null | undefined;
/** A worker's identity ends in its process id: `host/coordinator/pid`. */
const pidOf = (identity: Process): number | undefined =>
  identity === undefined || identity === null ? undefined : Number(/\d+$/.exec(identity)?.[0]);

export type StepDeaths = {
  /** Once the run is over: no step of it has ended without a kill behind it. */
  verdict(): Promise<void>;
  /** Nobody is killed any more. */
  stop(): void;
};

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

/** Which step an event ends: what the engine knows of it is how it was called when it began. */
function endings(plan: Plan): (event: HistoryEvent) => string | undefined {
  const begun = new Map<string, Begun>();
  const seen = new Set<string>();
  const called = ({ type, summary, input }: Begun): string | undefined => {
    if (type === 'judgeApproval') return String((input['expected'] as { readonly step?: unknown }).step);
    const fitting = everyStep(plan.steps).filter(
      (step) => step.summary === summary && leavesOf(plan).includes(step.id),
    );
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
