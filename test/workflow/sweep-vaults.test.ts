import { expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { schnorr } from '@noble/curves/secp256k1.js';
import { Transaction } from '@scure/btc-signer';
import type { Activities } from '../../activities/activities.ts';
import { Checks } from '../../cli/ceremony/checks.ts';
import { evidenceFrom } from '../../cli/ceremony/document.ts';
import { verifyEvidence } from '../../cli/ceremony/verify.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { requestOf } from '../../validator/custody/testkit/agents.ts';
import { signOrder } from '../../validator/custody/testkit/network.ts';
import { rotation } from '../../validator/custody/testkit/votes.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import type { KeyRef } from '../../workflows/generate-key/messages.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import { HISTORY_EVENTS_MAX } from '../../workflows/settings.ts';
import { OPEN_VAULT, openVaultId, type OpenVaultResult, startOpenVault } from '../../workflows/open-vault/messages.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { sweepVaultId, type SweepVaultResult } from '../../workflows/sweep-vault/messages.ts';
import {
  startSweepVaults,
  SWEEP_VAULTS,
  type SweepVaultsInput,
  type SweepVaultsResult,
} from '../../workflows/sweep-vaults/messages.ts';
import { FORGERIES } from './rig/forged-sweeps.ts';
import { losingCompletions } from './rig/lost-completions.ts';
import { eventually, keepHistory, startWorker, type WorkerChoices } from './rig/rig.ts';
import { committeeKeys, makeKey, PARTICIPANTS, putJson, rotate, rotatingWorld, votes } from './rig/rotation.ts';
import { runsOf } from './rig/runs.ts';
import { BLOB, heldVaults, NETWORK, sweepList } from './rig/scripted.ts';
import { onServerAlone } from './rig/suite.ts';
import { deposit, type OpenVault } from './rig/steps.ts';
import { AMOUNT_SATS, FEE_SATS, PAYOUT_SCRIPT, signedRelease, signedTerms, type TestWorld } from './rig/world.ts';

let env: TestWorkflowEnvironment;
onServerAlone((started) => {
  env = started;
});

type Scene = {
  readonly env: TestWorkflowEnvironment;
  readonly world: TestWorld;
  readonly taskQueue: string;
  /** The key that is left. */
  readonly old: KeyRef;
};

/** Each scenario has epochs of its own: processes are named after them, and one that is over must not be joined. */
let epochs = 0;

/** A world with an active key, before anything is rotated. `begin`: one that waits long for somebody does so beside the others. */
function scenario(
  title: string,
  run: (scene: Scene) => Promise<void>,
  choices: WorkerChoices = {},
  begin: typeof test | typeof test.concurrent = test,
): void {
  begin(title, async () => {
    const world = await rotatingWorld();
    const worker = await startWorker(env, world, choices);
    const { taskQueue } = worker;
    try {
      epochs += 10;
      await run({ env, world, taskQueue, old: await makeKey({ env, world, taskQueue }, epochs) });
    } finally {
      await worker.stop();
      await world.stop();
    }
  });
}

async function opened({ world, taskQueue, old }: Scene, change = {}): Promise<OpenVault> {
  const input = {
    network: world.deps.genesis.name,
    signedTerms: signedTerms(world, change),
    key: old,
    watchFromHeight: 1,
  };
  const result = (await env.client.workflow.execute(OPEN_VAULT, startOpenVault(input, taskQueue))) as OpenVaultResult;
  if (result.outcome !== 'open') throw new Error(result.refusal.message);
  return result;
}

const start = ({ taskQueue }: Scene, input: SweepVaultsInput) =>
  env.client.workflow.start(SWEEP_VAULTS, startSweepVaults(input, taskQueue));
const resultOf = async (handle: Awaited<ReturnType<typeof start>>) => (await handle.result()) as SweepVaultsResult;
const broadcast = ({ world }: Scene, count: number) =>
  eventually(`${count} sweeps are broadcast`, async () => world.dev.mempool.size === count);
const oneOf = async ({ world, old }: Scene, { vault }: OpenVault) =>
  (await env.client.workflow
    .getHandle(sweepVaultId(world.deps.genesis.name, old.keyset, vault))
    .result()) as SweepVaultResult;
const reopened = async ({ world }: Scene, { vault }: OpenVault) =>
  (await env.client.workflow.getHandle(openVaultId(world.deps.genesis.name, vault)).result()) as OpenVault;
const coinsOn = ({ world }: Scene, script: string) =>
  world.chain.view.outputs(script).outputs.filter(({ spentBy }) => spentBy === undefined);
const readBlob = async ({ world }: Scene, ref: BlobRef) =>
  world.deps.blobs.get(ref, { signal: new AbortController().signal, deadlineMs: Number.MAX_SAFE_INTEGER });

/** What the operator's tool says of it, with nothing but the pinned network. */
function verified(world: TestWorld, evidence: unknown): string {
  try {
    verifyEvidence(world.deps.genesis, evidenceFrom(evidence, 'sweep', 'test'), new Checks());
    return 'valid';
  } catch (error) {
    if (error instanceof FirebreakFailure) return error.code;
    throw error;
  }
}

const WAYS: readonly (readonly [string, WorkerChoices])[] = [
  ['every workflow task replayed from the start', { maxCachedWorkflows: 0 }],
  ['the first completion of every effect lost', { interceptors: { activity: [losingCompletions(new Map())] } }],
];
for (const [way, choices] of WAYS) {
  scenario(
    `every vault moves to the new key without its release key, and is paid out from there: ${way}`,
    async (scene) => {
      const { world, taskQueue } = scene;
      const vaults = [await opened(scene), await opened(scene)];
      for (const { script } of vaults) await deposit(world, script, 2);
      const { key, sweep } = await rotate(scene, scene.old.epoch);
      const sweeping = await start(scene, sweep);
      await broadcast(scene, 2);
      await world.dev.mine(2);
      const all = await resultOf(sweeping);
      for (const vault of vaults) expect(await oneOf(scene, vault)).toMatchObject({ outcome: 'swept' });
      expect(all).toMatchObject({ outcome: 'swept', vaults: 2, swept: 2 });
      for (const vault of vaults) {
        const moved = await reopened(scene, vault);
        expect(moved.key).toEqual(key);
        expect(moved.script).not.toBe(vault.script);
        const [coin, ...more] = coinsOn(scene, moved.script);
        expect(more).toEqual([]);
        const swept = await oneOf(scene, vault);
        if (swept.outcome !== 'swept' || coin === undefined) throw new Error(JSON.stringify(swept));
        expect(coin.amountSats).toBe(AMOUNT_SATS - swept.feeSats);
        const transaction = Transaction.fromRaw(await readBlob(scene, swept.transaction));
        const [witness] = transaction.getInput(0).finalScriptWitness ?? [];
        const sighash = transaction.preimageWitnessV1(0, [fromHex(vault.script, 'script')], 0, [BigInt(AMOUNT_SATS)]);
        expect(schnorr.verify(witness ?? new Uint8Array(0), sighash, fromHex(vault.script.slice(4), 'key', 32))).toBe(
          true,
        );
        const evidence = JSON.parse(Buffer.from(await readBlob(scene, swept.evidence)).toString());
        expect(verified(world, evidence)).toBe('valid');
        for (const [what, change] of Object.entries(FORGERIES))
          expect([what, verified(world, change(structuredClone(evidence)))]).toEqual([what, 'policy.evidence']);
      }
      // The proof that the new key owns the coins: it pays one of them out.
      const [first] = vaults;
      if (first === undefined) throw new Error('there are two vaults');
      const moved = await reopened(scene, first);
      const [coin] = coinsOn(scene, moved.script);
      if (coin === undefined) throw new Error('the swept coin is there');
      const release = signedRelease(world, first.vault, [coin.outpoint], coin.amountSats);
      const paying = await env.client.workflow.start(
        PAY_OUT,
        startPayOut(
          { network: sweep.network, signedReleaseRequest: release, key, watchFromHeight: 1, confirmations: 2 },
          taskQueue,
        ),
      );
      await broadcast(scene, 1);
      await world.dev.mine(2);
      expect(((await paying.result()) as PayOutResult).outcome).toBe('settled');
      await keepHistory(sweeping, 'sweep-vaults');
      const child = env.client.workflow.getHandle(sweepVaultId(sweep.network, scene.old.keyset, first.vault));
      await keepHistory(child, 'sweep-vault');
    },
    choices,
  );
}

scenario('a vault that cannot be swept is recorded and the others go on', async (scene) => {
  const { world } = scene;
  const [stuck, fine] = [await opened(scene, { maximumFeeSats: FEE_SATS }), await opened(scene)];
  const coin = await deposit(world, stuck.script, 2);
  const dust = await deposit(world, stuck.script, 2, 58);
  await deposit(world, fine.script, 2);
  // Its payout is signed by enough at the highest fee that the terms allow, and never broadcast. It takes dust along, which a sweep
  // leaves: no sweep of fewer coins is ever ahead of it.
  // An attempt that is under way when the payout is ended may try once more.
  const { submit } = world.chain.broadcaster;
  const lost = new Set<string>();
  let isSweeping = false;
  const lose: typeof submit = async (transaction, context) => {
    if (!isSweeping) lost.add(toHex(transaction));
    if (!lost.has(toHex(transaction))) return submit(transaction, context);
    throw new Error('no transaction of this payout is to reach the chain');
  };
  Object.assign(world.chain.broadcaster, { submit: lose });
  const release = signedRelease(world, stuck.vault, [coin, dust], AMOUNT_SATS + 58);
  const paying = await env.client.workflow.start(
    PAY_OUT,
    startPayOut(
      {
        network: world.deps.genesis.name,
        signedReleaseRequest: release,
        key: scene.old,
        watchFromHeight: 1,
        confirmations: 2,
      },
      scene.taskQueue,
    ),
  );
  await eventually('it is signed and was to be broadcast', async () => lost.size > 0);
  await paying.terminate('the test has seen enough');
  isSweeping = true;
  const { sweep } = await rotate(scene, scene.old.epoch);
  const sweeping = await start(scene, sweep);
  await broadcast(scene, 1);
  await world.dev.mine(2);
  const result = await resultOf(sweeping);
  expect(result).toMatchObject({ outcome: 'incomplete', vaults: 2, swept: 1 });
  expect(result.outcome === 'incomplete' && result.left).toMatchObject([
    { vault: stuck.vault, code: 'conflict.outpoint-locked' },
  ]);
  const page = await sweeping.query(progressQuery);
  expect(page.awaitingRole).toBe('operator');
  expect(page.next).toContain('conflict.outpoint-locked');
});

scenario('coins that are not deep yet, and coins that come late, are swept in a later pass', async (scene) => {
  const { world } = scene;
  const vault = await opened(scene);
  await deposit(world, vault.script, 1);
  const { sweep } = await rotate(scene, scene.old.epoch);
  const sweeping = await start(scene, sweep);
  await eventually('the first pass has seen it', async () => (await sweeping.query(progressQuery)).phase === 'pausing');
  expect((await sweeping.query(progressQuery)).meanwhile).toContain('blocks deep');
  await world.dev.mine(1);
  await broadcast(scene, 1);
  const late = await world.dev.fund(vault.script, AMOUNT_SATS);
  await world.dev.mine(2);
  await eventually(
    'the late coin is swept',
    async () =>
      world.dev.mempool.size === 1 &&
      [...world.dev.mempool.values()].some(({ inputs }) =>
        inputs.some(({ prevHash }) => toHex(prevHash.toReversed()) === late.txid),
      ),
  );
  await world.dev.mine(2);
  expect(await resultOf(sweeping)).toMatchObject({ outcome: 'swept', vaults: 2, swept: 2 });
  expect(coinsOn(scene, (await reopened(scene, vault)).script)).toHaveLength(2);
});

scenario(
  'coins do not wait for a participant of the new key that is down; the new address does',
  async (scene) => {
    const { world } = scene;
    const vault = await opened(scene);
    await deposit(world, vault.script, 2);
    const { sweep } = await rotate(scene, scene.old.epoch);
    const [, , , down] = PARTICIPANTS;
    if (down === undefined) throw new Error('there are four participants');
    world.handlers.set(down, () => new Promise<never>(() => undefined));
    const sweeping = await start(scene, sweep);
    await broadcast(scene, 1);
    await world.dev.mine(2);
    expect(await resultOf(sweeping)).toMatchObject({ outcome: 'swept', vaults: 1, swept: 1 });
    const opening = env.client.workflow.getHandle(openVaultId(sweep.network, vault.vault));
    await eventually('its page names who is missing', async () =>
      (await opening.query(progressQuery)).missing.includes(down),
    );
    await opening.terminate('the test has seen enough');
  },
  {},
  test.concurrent,
);

scenario('a freeze stops payouts and not the sweep', async (scene) => {
  const { world } = scene;
  const vault = await opened(scene);
  const coin = await deposit(world, vault.script, 2);
  const { sweep } = await rotate(scene, scene.old.epoch);
  await freeze(scene);
  const release = signedRelease(world, vault.vault, [coin]);
  const paid = (await env.client.workflow.execute(
    PAY_OUT,
    startPayOut(
      { network: sweep.network, signedReleaseRequest: release, key: scene.old, watchFromHeight: 1, confirmations: 2 },
      scene.taskQueue,
    ),
  )) as PayOutResult;
  expect(paid).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.frozen' } });
  const sweeping = await start(scene, sweep);
  await broadcast(scene, 1);
  await world.dev.mine(2);
  expect(await resultOf(sweeping)).toMatchObject({ outcome: 'swept', vaults: 1, swept: 1 });
  expect(coinsOn(scene, PAYOUT_SCRIPT)).toEqual([]);
});

scenario('votes that do not cover the sweep move nothing, and the page says why', async (scene) => {
  const { world } = scene;
  const vault = await opened(scene);
  await deposit(world, vault.script, 2);
  const { sweep } = await rotate(scene, scene.old.epoch, rotation(PARTICIPANTS, scene.old.epoch).slice(0, 1));
  const sweeping = await start(scene, sweep);
  expect(await resultOf(sweeping)).toMatchObject({
    outcome: 'refused',
    swept: 0,
    refusal: { code: 'policy.step-not-covered' },
  });
  expect(world.dev.mempool.size).toBe(0);
  expect(await sweeping.query(progressQuery)).toMatchObject({ awaitingRole: 'operator', phase: 'refused' });
});

scenario('a coordinator that passes its own look at the votes is refused by every validator', async (scene) => {
  const { world } = scene;
  const vault = await opened(scene);
  await deposit(world, vault.script, 2);
  const { key, sweep } = await rotate(scene, scene.old.epoch);
  const tooFew = votes(world, rotation(PARTICIPANTS, scene.old.epoch), { voters: committeeKeys.slice(0, 2) });
  const forged = await putJson(world, tooFew);
  const lying = (await env.client.workflow.execute('sweepVault', {
    workflowId: `lying/${vault.vault}`,
    taskQueue: scene.taskQueue,
    args: [
      {
        network: sweep.network,
        vault: vault.vault,
        from: scene.old,
        to: key,
        step: 'sweep',
        proof: forged,
        epochs: sweep.epochs,
        watchFromHeight: 1,
        confirmations: 2,
        sessionSeconds: 3,
      },
    ],
  })) as SweepVaultResult;
  expect(lying).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.vote-quorum' } });
  expect((await reopened(scene, vault)).key).toEqual(scene.old);
});

async function freeze({ world }: Scene): Promise<void> {
  const { genesis } = world.deps;
  const order = signOrder({ genesis, committee: committeeKeys }, { kind: 'freeze', number: 1 }, 2);
  const request = requestOf(genesis, { case: 'obeyOrder', value: { signedOrder: encodeDocument(order) } });
  for (const handler of world.handlers.values()) await handler(request);
}

/** Scripted: a hundred real vaults would take minutes, and what is doubted here is how the process goes on. */
test('a list that is too long for one run is swept in several, each vault once', async () => {
  const COUNT = 84;
  const asked = new Map<string, number>();
  let lists = 0;
  const activities: Partial<Activities> = {
    listSweep: async () => {
      lists += 1;
      return sweepList(lists === 1 ? COUNT : 0);
    },
    sweepListPart: async ({ at, count }) => heldVaults(COUNT).slice(at, at + count),
    planSweep: async ({ vault }) => {
      asked.set(vault, (asked.get(vault) ?? 0) + 1);
      return { kind: 'empty' };
    },
  };
  const { taskQueue, stop } = await startWorker(env, { activities }, { maxCachedWorkflows: 200 });
  try {
    const input = {
      network: NETWORK,
      fromEpoch: 1,
      toEpoch: 2,
      certificate: BLOB.digest,
      step: 'sweep',
      proof: BLOB,
      epochs: BLOB,
      atOnce: 20,
    };
    const sweeping = await env.client.workflow.start(SWEEP_VAULTS, startSweepVaults(input, taskQueue));
    expect(await resultOf(sweeping)).toMatchObject({ outcome: 'swept', swept: 0 });
    expect(asked.size).toBe(COUNT);
    expect([...asked.values()].every((times) => times === 1)).toBe(true);
    const runs = await runsOf(env.client, sweeping);
    expect(runs.length).toBeGreaterThan(1);
    expect(Math.max(...runs.map((events) => events.length))).toBeLessThan(HISTORY_EVENTS_MAX);
  } finally {
    await stop();
  }
});
