import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { handOrder, answerTask, commandRun, type RunView } from '../../../workflows/run-playbook/messages.ts';
import { principal } from '../../../domain/committee/testkit/keys.ts';
import { searchAttributes } from '../../../workflows/settings.ts';
import { signedCommand } from './incidents.ts';
import { orderOf, type Started, viewOf, vote } from './playbooks.ts';
import { plansOf } from './shipped.ts';
import type { ShippedWorld } from './shipped-world.ts';

/** Seven of ten. */
const VOTERS = [0, 1, 3, 4, 5, 6, 7];
/** As many as leave too few to approve. */
const REFUSING = [0, 1, 3, 4];
const LOOK_MS = 200;
/** A transaction that was sent gets so many blocks, one with each look. */
const DEEP = 6;
const NOT_BEGUN = 'not begun';

/** What people do otherwise than the path says: the committee refuses this approval, or a member undoes the run when this form is open. */
export type Otherwise = { readonly rejects?: string; readonly undoesAt?: string };

/** Operations and the committee do what they are asked for, and blocks are found, until the run has ended or waits for a person to decide. */
export async function peopleCarry(scene: ShippedWorld, run: Started, otherwise: Otherwise = {}): Promise<void> {
  const { dev } = scene.world;
  let blocks = 0;
  const done = new Set<string>();
  const inner = [...plansOf(scene.path).keys()].map((step) =>
    step === '' ? run : (scene.env.client.workflow.getHandle(`${run.workflowId}/${step}`) as Started),
  );
  for (;;) {
    const { status, phase } = await stateOf(run);
    if (status !== 'RUNNING' && status !== NOT_BEGUN) return;
    if (phase === 'halted') return;
    if (dev.mempool.size > 0) blocks = DEEP;
    if (blocks > 0) await dev.mine(1);
    blocks -= 1;
    for (const each of inner) {
      const { status: isIt, awaited } = await stateOf(each);
      if (isIt !== 'RUNNING' || awaited === 'nobody') continue;
      await answer(scene, run, each, otherwise, done).catch((error: unknown) => {
        // A run that ends in this very moment, or does not ask any more, hears nobody; one that waits for the answer would never end.
        if (!(error instanceof WorkflowNotFoundError) && !(error instanceof WorkflowUpdateFailedError)) throw error;
      });
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** From the engine alone: a query would ask a worker that may be dead. */
async function stateOf(run: Started) {
  const described = await run.describe().catch(() => undefined);
  return {
    status: described?.status.name ?? NOT_BEGUN,
    phase: described?.typedSearchAttributes.get(searchAttributes.phase),
    awaited: described?.typedSearchAttributes.get(searchAttributes.awaitingRole) ?? 'nobody',
  };
}

async function answer(
  scene: ShippedWorld,
  outer: Started,
  run: Started,
  { rejects, undoesAt }: Otherwise,
  done: Set<string>,
): Promise<void> {
  // A worker that has to remember everything first may be too late for a query.
  const view = await viewOf(run).catch(() => undefined);
  if (view === undefined) return;
  const first = (what: string): boolean => !done.has(`${view.run} ${what}`) && done.add(`${view.run} ${what}`).size > 0;
  for (const { step } of view.tasks) {
    if (!first(`task ${step}`)) continue;
    if (step === undoesAt) return memberUndoes(scene, outer);
    scene.mended();
    const answers = scene.path.answers[step];
    if (answers === undefined) throw new Error(`the path does not say what people answer at ${step}`);
    await run.executeUpdate(answerTask, { args: [{ step, by: 'ann', answers }] });
  }
  for (const asked of view.approvals) {
    const { step } = asked.request.subject;
    if (!first(`approval ${step}`)) continue;
    await (step === rejects ? vote(run, asked, REFUSING, 'reject') : vote(run, asked, VOTERS));
  }
  for (const order of waitedFor(view)) {
    if (!first(`order ${order.kind} ${order.above}`)) continue;
    await run.executeUpdate(handOrder, { args: [orderOf(scene.world, order.kind, order.above + 1)] });
  }
}

/** An order that a compensation asks for is waited for by nobody. */
const waitedFor = ({ orders, now }: RunView): RunView['orders'] =>
  orders.filter(({ step }) => now.some((running) => running.step === step));

/** A member of the committee has everything taken back that still stands. */
export async function memberUndoes({ world }: ShippedWorld, run: Started): Promise<void> {
  const { run: execution } = await viewOf(run);
  const incident = run.workflowId.replace('runPlaybook', 'incident');
  const command = { command: 'undo', arguments: { reason: 'a test' } } as const;
  await run.executeUpdate(commandRun, {
    args: [signedCommand(world.deps.genesis, incident, execution, command, principal(5))],
  });
}
