import type { WorkflowHandle } from '@temporalio/client';
import { NODE_COUNT, validatorIds } from '../../../devnet/layout.ts';
import { workerNames } from '../../../devnet/network.ts';
import { validatorName } from '../../../domain/network/network.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';
import type { Chance } from '../../e2e/rig/seed.ts';
import { until } from '../../../devnet/until.ts';
import { momentsOf, phaseNow } from '../../../devnet/phases.ts';

/** What a process of a network can be, for a fault that kills one. */
export type VictimKind = 'worker' | 'temporal' | 'validator' | 'bitcoin';
export const VICTIM_KINDS: readonly VictimKind[] = ['worker', 'temporal', 'validator', 'bitcoin'];

/** A kill that fell while the run was in this phase, by the run's own history. */
export type Strike = { readonly phase: string; readonly kind: VictimKind; readonly victim: string };

export type Striking = {
  /** Resolves with every kill that fell in its phase when the run is over; phases that were over too soon are missing. */
  readonly done: Promise<readonly Strike[]>;
  /** Resolves when the phase was seen and, where one was planned, its kill is over. */
  reached(phase: string): Promise<void>;
};

/**
 * Follows a run and kills a process in each planned phase. Both workers are stopped (SIGSTOP) for the few milliseconds in which the
 * phase is looked up and the victim dies: the run cannot move on meanwhile, so the kill really falls where it is said to.
 */
export function strike(
  live: LiveNetwork,
  chance: Chance,
  workflowId: string,
  planned: ReadonlyMap<string, VictimKind>,
): Striking {
  const fallen: Strike[] = [];
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const reachedPhase = (phase: string): PromiseWithResolvers<void> => {
    const known = waiting.get(phase) ?? Promise.withResolvers<void>();
    waiting.set(phase, known);
    return known;
  };
  const follow = async (): Promise<readonly Strike[]> => {
    const open = new Map(planned);
    for await (const moment of momentsOf(live.client, workflowId, live.signal)) {
      if (moment.kind === 'closed') break;
      const kind = open.get(moment.phase);
      if (kind !== undefined) {
        const victim = await killIn(live, chance, workflowId, moment.phase, kind);
        if (victim !== undefined) {
          open.delete(moment.phase);
          fallen.push({ phase: moment.phase, kind, victim });
          process.stdout.write(`    ${workflowId.slice(0, 44)} in ${moment.phase}: SIGKILL to ${victim}\n`);
        }
      }
      reachedPhase(moment.phase).resolve();
    }
    for (const each of waiting.values()) each.resolve();
    return fallen;
  };
  return { done: follow(), reached: (phase) => reachedPhase(phase).promise };
}

async function killIn(
  live: LiveNetwork,
  chance: Chance,
  workflowId: string,
  phase: string,
  kind: VictimKind,
): Promise<string | undefined> {
  const workers = workerNames().map((name) => live.supervisor.service(name));
  for (const worker of workers) worker?.signal('SIGSTOP');
  try {
    const now = await phaseNow(live.client, workflowId);
    if (now.closed || now.phase !== phase) return undefined;
    const name = await victimOf(live, chance, workflowId, kind);
    const killed = live.supervisor.service(name)?.signal('SIGKILL') === true;
    if (killed && kind === 'bitcoin') void bringUpToDate(live);
    return killed ? name : undefined;
  } catch {
    return undefined; // the server is just coming back from its own death
  } finally {
    for (const worker of workers) worker?.signal('SIGCONT');
  }
}

/** btcd forgets a regtest chain when it ends; the next block brings the others' chain with it, as soon as the node is back. */
async function bringUpToDate(live: LiveNetwork): Promise<void> {
  const back = async (): Promise<boolean> => {
    const answers = await Promise.all(live.nodes.map((node) => node.call('getblockcount', []).catch(() => undefined)));
    return answers.every((answer) => answer?.ok === true);
  };
  await until('every Bitcoin node answering', { timeoutMs: 90_000 }, back)
    .then(() => live.chain.mine(1))
    .catch(() => undefined); // the run that waits for the node fails with what it waits for
}

async function victimOf(live: LiveNetwork, chance: Chance, workflowId: string, kind: VictimKind): Promise<string> {
  switch (kind) {
    case 'temporal':
      return 'temporal';
    case 'validator':
      return validatorName(chance.pick(validatorIds()));
    case 'bitcoin':
      return `bitcoin-${chance.below(NODE_COUNT) + 1}`;
    case 'worker':
      return (await activeWorker(live, live.client.workflow.getHandle(workflowId))) ?? chance.pick(workerNames());
  }
}

/** The worker that runs an activity of this run now; its identity ends in its pid. */
async function activeWorker(live: LiveNetwork, handle: WorkflowHandle): Promise<string | undefined> {
  const { raw } = await handle.describe();
  const pids = (raw.pendingActivities ?? []).map(({ lastWorkerIdentity }) =>
    Number(/\/(\d+)$/.exec(lastWorkerIdentity ?? '')?.[1]),
  );
  return workerNames().find((name) => pids.includes(live.supervisor.service(name)?.pid() ?? -1));
}

/** Each phase gets a victim; over the phases every kind comes up, as far as there are phases. */
export function planStrikes(
  chance: Chance,
  phases: readonly string[],
  kinds: readonly VictimKind[],
): ReadonlyMap<string, VictimKind> {
  const first = chance.shuffled(kinds);
  const assigned = phases.map((_phase, index) => first[index] ?? chance.pick(VICTIM_KINDS));
  const order = chance.shuffled(phases);
  return new Map(order.map((phase, index) => [phase, assigned[index] ?? 'worker']));
}
