import { randomBytes } from 'node:crypto';
import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { requestBytes } from '../../../activities/asking.ts';
import { type Bindings, type Channel, type ChannelMessage } from '../../../activities/playbook/binding.ts';
import { bindingsWith } from '../../../activities/playbook/bindings.ts';
import { createPlaybookActivities } from '../../../activities/playbook/index.ts';
import { ballotBy } from '../../../domain/approval/testkit/voting.ts';
import type { Choice, SignedVote } from '../../../domain/approval/vote.ts';
import { quorumOf } from '../../../domain/committee/committee.ts';
import { type Order, orderDigest, type SignedOrder } from '../../../domain/committee/order.ts';
import {
  committeeOf,
  principal,
  principals,
  signaturesBy,
  type TestKey,
} from '../../../domain/committee/testkit/keys.ts';
import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../../domain/network/network.ts';
import type { Capability, Catalogue } from '../../../domain/playbook/catalogue.ts';
import type { Effect } from '../../../domain/playbook/plan.ts';
import type { BlobRef } from '../../../domain/ports/blob-store.ts';
import { loadPlaybook } from '../../../language/load.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import {
  castVote,
  type OpenApproval,
  RUN_PLAYBOOK,
  type RunPlaybookInput,
  type RunPlaybookResult,
  type RunView,
  runViewQuery,
  startRunPlaybook,
} from '../../../workflows/run-playbook/messages.ts';
import { eventually } from './rig.ts';
import type { TestWorld } from './world.ts';

/** Ten seats with keys of three kinds: three freeze, seven lift or change. */
export const COMMITTEE: NetworkGenesis['committee'] = committeeOf(1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

/** What a suite lets actions, probes and channels do, and what they did, in order. */
export type Stage = {
  /** Every try that began, by what it was given. */
  readonly begun: string[];
  readonly done: string[];
  readonly told: { readonly channel: string; readonly text: string }[];
  /** How often the action of this name still fails, and how. */
  readonly failing: Map<string, { times: number; readonly code: FirebreakFailure['code'] }>;
  /** What `test.look` sees. */
  seen: number;
  /** Actions that wait until they are let go. */
  readonly held: Map<string, Promise<void>>;
};
export const emptyStage = (): Stage => ({
  begun: [],
  done: [],
  told: [],
  failing: new Map(),
  seen: 1,
  held: new Map(),
});

const act = (effect: Effect, results: Capability['results'] = {}): Capability => ({
  summary: 'of a test',
  effect,
  idempotent: true,
  arguments: { what: { type: 'text', optional: false } },
  results,
});
const taking = (
  effect: Effect,
  types: Readonly<Record<string, 'int' | 'text' | 'duration'>>,
  results: Capability['results'] = {},
): Capability => ({
  ...act(effect, results),
  arguments: Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type, optional: false }])),
});

/** What the suites' playbooks may name: actions of a test beside the real ones of custody. */
export const CATALOGUE: Catalogue = {
  channels: ['pager', 'mail', 'second-mail', 'dead'],
  actions: {
    'test.set': act('reversible', { mark: 'text' }),
    'test.unset': act('none'),
    'test.note': act('none', { mark: 'text' }),
    'test.burn': act('irreversible', { mark: 'text' }),
    'test.nowhere': act('none'),
    'custody.freeze': taking(
      'reversible',
      { lasts: 'duration', reason: 'text' },
      { number: 'int', by: 'text', validators: 'list<validator>' },
    ),
    'custody.lift': taking('reversible', { number: 'int', reason: 'text' }, { validators: 'list<validator>' }),
    'evidence.gather': taking('none', { since: 'duration' }, { blob: 'digest', validators: 'list<validator>' }),
  },
  workflows: {
    generateKey: {
      ...act('irreversible', { epoch: 'int', certificate: 'digest' }),
      arguments: {
        epoch: { type: 'int', optional: false },
        purpose: { type: 'text', optional: false },
        participants: { type: 'list<validator>', optional: false },
        smallest: { type: 'int', optional: false },
      },
    },
  },
  probes: {
    'test.look': { ...act('none', { seen: 'int' }), arguments: {} },
    'custody.frozen': taking('none', { number: 'int' }, { frozen: 'int', live: 'int' }),
    'validators.live': { ...act('none', { live: 'int', threshold: 'int', missing: 'list<validator>' }), arguments: {} },
  },
  playbooks: {},
};

/** The real bindings, and those of the stage. */
function bindingsOn(stage: Stage): Bindings {
  const real = bindingsWith();
  const acting = (name: string, effect: Effect): Bindings['actions'][string] => ({
    effect,
    results: name === 'test.unset' ? {} : { mark: 'text' },
    perform: async ({ what }) => {
      stage.begun.push(String(what));
      await stage.held.get(String(what));
      const failing = stage.failing.get(String(what));
      if (failing !== undefined && failing.times > 0) {
        failing.times -= 1;
        stage.done.push(`${name} ${String(what)} failed`);
        throw new FirebreakFailure(failing.code, 'as the stage wants');
      }
      stage.done.push(`${name} ${String(what)}`);
      return { mark: `${String(what)}!` };
    },
  });
  const channel = (name: string, route = name): Channel => ({
    route,
    send: async ({ text }: ChannelMessage) => {
      if (name === 'dead') throw new FirebreakFailure('unavailable.channel', 'nobody there');
      stage.told.push({ channel: name, text });
    },
  });
  return {
    actions: {
      ...real.actions,
      'test.set': acting('test.set', 'reversible'),
      'test.unset': acting('test.unset', 'none'),
      'test.note': acting('test.note', 'none'),
      'test.burn': acting('test.burn', 'irreversible'),
    },
    probes: { ...real.probes, 'test.look': { results: { seen: 'int' }, look: async () => ({ seen: stage.seen }) } },
    processes: real.processes,
    channels: {
      pager: channel('pager'),
      mail: channel('mail'),
      'second-mail': channel('second-mail', 'mail'),
      dead: channel('dead'),
    },
  };
}

export const activitiesOn = (world: TestWorld, stage: Stage) => ({
  ...world.activities,
  ...createPlaybookActivities(world.deps, bindingsOn(stage)),
});

/** A playbook around these steps; what the language refuses fails the test with its words. */
export function planOf(steps: string, head = '', catalogue: Catalogue = CATALOGUE) {
  const name = /^name: (.+)$/m.exec(head)?.[1] ?? 'of-a-test';
  const text = [
    'playbook: 1',
    `name: ${name}`,
    'title: Of a test',
    'summary: Written for one test.',
    'severity: SEV2',
    head.replace(/^name: .+$/m, ''),
    'steps:',
    steps.replaceAll(/^/gm, '  '),
  ].join('\n');
  const loaded = loadPlaybook(new TextEncoder().encode(text), 'playbook.yaml', { catalogue });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'));
  return loaded;
}

const within = () => ({ idempotencyKey: 'test', signal: AbortSignal.timeout(10_000), deadlineMs: Date.now() + 10_000 });

/** As much of a world as a run is started from. */
type Stored = { readonly deps: Pick<TestWorld['deps'], 'genesis' | 'blobs'> };

export const putDocument = (world: Stored, value: unknown): Promise<BlobRef> =>
  world.deps.blobs.put(encodeDocument(value), within());

export type Started = WorkflowHandle<(input: RunPlaybookInput) => Promise<RunPlaybookResult>>;

let runs = 0;

export async function startRun(
  client: Client,
  world: Stored,
  taskQueue: string,
  loaded: ReturnType<typeof planOf>,
  change: Partial<RunPlaybookInput> = {},
): Promise<Started> {
  const { name: network } = world.deps.genesis;
  runs += 1;
  const key = `${process.pid}-${runs}-${randomBytes(3).toString('hex')}`;
  const input: RunPlaybookInput = {
    network,
    name: loaded.plan.name,
    playbook: loaded.digest,
    plan: await putDocument(world, loaded.plan),
    library: {},
    inputs: {},
    incident: { id: `incident/${network}/${key}`, severity: loaded.plan.severity, network },
    ...change,
  };
  return client.workflow.start<(input: RunPlaybookInput) => Promise<RunPlaybookResult>>(
    RUN_PLAYBOOK,
    startRunPlaybook(input, key, taskQueue),
  );
}

export const viewOf = (handle: Started): Promise<RunView> => handle.query(runViewQuery);

/** Waits until the page says what the test waits for. */
export async function seen(
  handle: Started,
  what: string,
  look: (view: RunView) => boolean,
  withinMs?: number,
): Promise<RunView> {
  let last: RunView | undefined;
  await eventually(
    what,
    async () => {
      last = await viewOf(handle).catch(unlessNotStarted);
      return last !== undefined && look(last);
    },
    withinMs,
  );
  return last as RunView;
}

/** A run inside of another one is there once its parent has been told so. */
function unlessNotStarted(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

export async function openApproval(handle: Started, step: string): Promise<OpenApproval> {
  await seen(handle, `${step} is about to be asked`, ({ approvals }) => asks(approvals, step));
  // A worker without memory answers a look from what has happened, also before a task has made it so, and then by an earlier clock.
  await eventually('nothing is left to be decided', async () => {
    const { raw } = await handle.describe();
    return raw.pendingWorkflowTask === null || raw.pendingWorkflowTask === undefined;
  });
  const { approvals } = await seen(handle, `${step} is asked`, (view) => asks(view.approvals, step));
  return approvals.find(({ request }) => request.subject.step === step) as OpenApproval;
}

const asks = (approvals: readonly OpenApproval[], step: string): boolean =>
  approvals.some(({ request }) => request.subject.step === step);

export const voteBy = (
  key: TestKey,
  { request }: OpenApproval,
  choice: Choice = 'approve',
  comment?: string,
): SignedVote => ({
  subject: request.subject,
  ballot: ballotBy(key, request.subject, choice, comment),
});

/** So many seats answer, in the order of their seats. */
export async function vote(
  handle: Started,
  asked: OpenApproval,
  seats: readonly number[],
  choice: Choice = 'approve',
): Promise<void> {
  for (const seat of seats)
    await handle.executeUpdate(castVote, {
      args: [voteBy(principal(seat), asked, choice, choice === 'push-back' ? 'otherwise' : undefined)],
    });
}

/** An order with as many signatures as its kind takes. */
export function orderOf(world: TestWorld, kind: Order['kind'], number: number, seconds = 3_600): SignedOrder {
  const { name: network, environment, committee } = world.deps.genesis;
  const order: Order = {
    version: 1,
    kind,
    environment,
    network,
    committeeEpoch: committee.epoch,
    number,
    scope: 'payouts',
    reason: 'of a test',
    expiresAtSeconds: Math.floor(Date.now() / 1_000) + seconds,
  };
  const seated = principals.filter(({ listed }) => committee.members.some(({ key }) => key === listed.key));
  const keys = seated.slice(0, quorumOf(committee, kind));
  return { order, signatures: signaturesBy(keys, orderDigest(order)) };
}

/** Every validator is handed this order, and no run. */
export async function handToAll(world: TestWorld, signed: SignedOrder): Promise<void> {
  const request = requestBytes(world.deps, { case: 'obeyOrder', value: { signedOrder: canonicalBytes(signed) } });
  for (const handle of world.handlers.values()) await handle(request);
}
