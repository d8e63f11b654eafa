import { fromBinary } from '@bufbuild/protobuf';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createActivities } from '../../../activities/activities.ts';
import { requestBytes } from '../../../activities/asking.ts';
import { channelsOf } from '../../../activities/notice/channels.ts';
import type { Bindings, ProbeBinding } from '../../../activities/playbook/binding.ts';
import { bindingsWith } from '../../../activities/playbook/bindings.ts';
import { createPlaybookActivities } from '../../../activities/playbook/index.ts';
import type { SignedGrant } from '../../../domain/committee/grant.ts';
import { committeeOf } from '../../../domain/committee/testkit/keys.ts';
import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { BlobRef } from '../../../domain/ports/blob-store.ts';
import type { Notifier } from '../../../domain/ports/notifier.ts';
import { memory, type ToldMessage } from '../../../plugins/notifier/memory/index.ts';
import {
  ResponseSchema,
  type ValidatorStatus,
  ValidatorStatusSchema,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { engineRoster } from '../../../workers/roster.ts';
import { realAgents } from './agents.ts';
import { standingOrderOf } from './grants.ts';
import { orderOf, putDocument } from './playbooks.ts';
import { startWorker, type WorkerChoices } from './rig.ts';
import { type Path, plansOf, type ShippedPlan } from './shipped.ts';
import { deposit, openVault } from './steps.ts';
import { noTrouble, type Trouble, troubling } from './trouble.ts';
import { testWorld, type TestWorld } from './world.ts';

/** The channels of the shipped catalogue; no two fail together. */
const CHANNELS = ['pagerduty', 'mail', 'slack', 'webhook'];
/** None has a post-quantum key: five validators in one process judge each signature of each order. */
const SEATS = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10];
const THRESHOLD = 3;
const VALIDATORS = 5;
const DEEP = 6;

/** What can be seen of the world from outside: what an undone run must have left as it was. */
export type Facts = {
  readonly frozen: readonly ValidatorId[];
  readonly paused: readonly ValidatorId[];
  /** `<epoch> <state>` of every key that a validator has. */
  readonly keys: readonly string[];
  /** Coins that the old key still holds. */
  readonly coins: number;
  /** On the chain. */
  readonly transactions: number;
};

export type ShippedWorld = {
  readonly env: TestWorkflowEnvironment;
  readonly world: TestWorld;
  readonly taskQueue: string;
  readonly path: Path;
  readonly trouble: Trouble;
  /** The plan of the path, stored and ready to be started, with a new standing order that has so many uses. */
  ready(uses: number): Promise<Ready>;
  /** Each message of the playbook once, with its channel. */
  told(): readonly string[];
  facts(): Promise<Facts>;
  /** The committee lifts whatever freeze there is, as it does without any run. */
  lift(): Promise<void>;
  /** Operations has done what it was asked for. */
  mended(): void;
  stop(): Promise<void>;
};
export type Ready = ShippedPlan & { readonly ref: BlobRef; readonly library: Readonly<Record<string, BlobRef>> };

let worlds = 0;
const running = new Set<() => Promise<void>>();
/** Those that a test which failed has left: a server does not end while a worker asks it for work. */
export const stopShippedWorlds = (): Promise<unknown> => Promise.all([...running].map((stop) => stop()));

/**
 * Real validators, chain, orders, grants, pauses and keys in one process, and a committee that can vote. What such a network cannot show
 * in the time of a test is staged: who is live, how one validator feels, and from where an identity was seen.
 */
export async function shippedWorld(
  env: TestWorkflowEnvironment,
  path: Path,
  choices: Pick<WorkerChoices, 'maxCachedWorkflows'> = {},
): Promise<ShippedWorld> {
  worlds += 1;
  const name = `shipped-${process.pid}-${worlds}`;
  const world = await testWorld({
    threshold: THRESHOLD,
    participants: VALIDATORS,
    agents: realAgents,
    pinned: { committee: committeeOf(1, SEATS), name },
  });
  const messages: Record<string, ToldMessage[]> = {};
  const notifierOf = (channel: string, told: ToldMessage[]): Notifier =>
    Object.assign(memory({})({ told }), { route: channel });
  const channels: Record<string, Notifier> = {};
  for (const channel of CHANNELS) channels[channel] = notifierOf(channel, (messages[channel] = []));
  const told = (): readonly string[] =>
    Object.entries(messages)
      .flatMap(([channel, each]) => each.flatMap(({ said }) => said.map(({ headline }) => `${channel} ${headline}`)))
      .sort();
  const grants: SignedGrant[] = [];
  const taskQueue = name;
  const deps = {
    ...world.deps,
    roster: engineRoster(name, taskQueue),
    grants: { list: async () => grants },
    channels: channelsOf(channels, world.deps.genesis, Date.now),
    notifiers: { pager: notifierOf('pager', []), chat: notifierOf('chat', []) },
  };
  /** Different messages since the newest run was made ready. */
  const texts = (): number =>
    new Set(
      CHANNELS.flatMap((each) => messages[each]?.slice(before[each] ?? 0) ?? []).flatMap(
        ({ said }) => said[0]?.headline ?? '',
      ),
    ).size;
  const before: Record<string, number> = {};
  const staged: Staged = { isMended: false, told: texts };
  const trouble = noTrouble();
  const activities = {
    ...createActivities(deps),
    ...createPlaybookActivities(deps, bindingsOn(path, staged, bindingsWith(deps.channels))),
  };
  const worker = await startWorker(
    env,
    { activities },
    { ...choices, taskQueue, interceptors: { activity: [troubling(trouble)] } },
  );
  const stop = async (): Promise<void> => {
    if (!running.delete(stop)) return;
    await worker.stop();
    await world.stop();
  };
  running.add(stop);
  const vault = path.key ? await openVault(env, { ...world, deps, activities }, taskQueue, {}, 1) : undefined;
  if (vault !== undefined) await deposit(world, vault.script, DEEP);
  const statuses = (): Promise<readonly (readonly [ValidatorId, ValidatorStatus])[]> =>
    Promise.all([...world.handlers].map(async ([id, handler]) => [id, await statusOf(world, handler)] as const));
  // Another worker than the one of the run, so that nothing is remembered between two looks.
  let looks = 0;
  const roster = engineRoster(
    name,
    taskQueue,
    () => env.client,
    () => Date.now() + (looks += 60_000),
  );

  return {
    env,
    world,
    taskQueue,
    path,
    trouble,
    told,
    ready: async (usesMax) => {
      staged.isMended = false;
      for (const channel of CHANNELS) before[channel] = messages[channel]?.length ?? 0;
      const plans = plansOf(path);
      for (const { digest } of plans.values())
        grants.push(standingOrderOf(world, digest, { number: grants.length + 1, limits: { usesMax } }));
      const [[, outer], ...inner] = [...plans] as [[string, ShippedPlan], ...[string, ShippedPlan][]];
      const library = await Promise.all(
        inner.map(async ([, { plan, digest }]) => [digest, await putDocument(world, plan)] as const),
      );
      return { ...outer, ref: await putDocument(world, outer.plan), library: Object.fromEntries(library) };
    },
    facts: async () => {
      const said = await statuses();
      const { outputs } = vault === undefined ? { outputs: [] } : world.chain.view.outputs(vault.script);
      const context = { idempotencyKey: 'facts', signal: AbortSignal.timeout(10_000), deadlineMs: Date.now() + 10_000 };
      return {
        frozen: said.filter(([, { orders }]) => isFrozen(orders)).map(([id]) => id),
        paused: await roster.paused(context),
        keys: [
          ...new Set(said.flatMap(([, { keysets }]) => keysets.map(({ epoch, state }) => `${epoch} ${state}`))),
        ].sort(),
        coins: outputs.filter(({ spentBy }) => spentBy === undefined).length,
        transactions: world.dev.blocks.flatMap(({ transactions }) => transactions).length,
      };
    },
    lift: async () => {
      const above = Math.max(...(await statuses()).map(([, { orders }]) => Number(orders?.number ?? 0n)));
      const signedOrder = canonicalBytes(orderOf(world, 'lift', above + 1));
      const request = requestBytes(deps, { case: 'obeyOrder', value: { signedOrder } });
      await Promise.all([...world.handlers.values()].map((handle) => handle(request)));
    },
    mended: () => void (staged.isMended = true),
    stop,
  };
}

const isFrozen = (orders: ValidatorStatus['orders']): boolean =>
  Number(orders?.frozenUntilSeconds ?? 0n) * 1_000 > Date.now();

async function statusOf(
  world: TestWorld,
  handle: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<ValidatorStatus> {
  const { body } = fromBinary(ResponseSchema, await handle(requestBytes(world.deps, { case: 'sayStatus', value: {} })));
  if (body.case !== 'envelope') throw new Error('a validator says where it stands');
  return fromBinary(ValidatorStatusSchema, body.value.payload);
}

type Staged = { isMended: boolean; readonly told: () => number };

/** One identity is at two places until operations has done its work; in an outage one more is live with every message about it. */
function bindingsOn({ forked, outage }: Path, staged: Staged, real: Bindings): Bindings {
  const instead = (name: string, look: ProbeBinding['look']): Readonly<Record<string, ProbeBinding>> => ({
    [name]: { results: real.probes[name]?.results ?? {}, look },
  });
  return {
    ...real,
    probes: {
      ...real.probes,
      ...instead('identity.sightings', async () => ({
        addresses: staged.isMended ? 1 : 2,
        journals: forked ? 2 : 1,
        forked,
      })),
      ...(outage
        ? instead('validators.live', async () => ({
            live: Math.min(THRESHOLD + staged.told(), VALIDATORS),
            threshold: THRESHOLD,
            missing: [],
          }))
        : {}),
    },
  };
}
