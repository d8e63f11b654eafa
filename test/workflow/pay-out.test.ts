import { expect } from '@jest/globals';
import { Checks } from '../../cli/ceremony/checks.ts';
import { evidenceFrom } from '../../cli/ceremony/document.ts';
import { verifyEvidence } from '../../cli/ceremony/verify.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { Outpoint } from '../../domain/vault/terms.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import { PAY_OUT, type PayOutInput, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { deposit, openVault, type OpenVault } from './rig/steps.ts';
import { onServer, type Scene } from './rig/suite.ts';
import { AMOUNT_SATS, FEE_SATS, PAYOUT_SCRIPT, signedRelease, type TestWorld } from './rig/world.ts';

const { scenario } = onServer();

const start = (
  { env, world, taskQueue }: Scene,
  { vault, key }: OpenVault,
  outpoints: readonly Outpoint[],
  change: Partial<PayOutInput> = {},
) => {
  const signedReleaseRequest = signedRelease(world, vault, outpoints);
  const input: PayOutInput = {
    network: world.deps.genesis.name,
    signedReleaseRequest,
    key,
    watchFromHeight: 1,
    confirmations: 2,
    sessionSeconds: 2,
    ...change,
  };
  return env.client.workflow.start(PAY_OUT, startPayOut(input, taskQueue));
};
const broadcast = (world: TestWorld) => eventually('the payout is broadcast', async () => world.dev.mempool.size === 1);
const paymentsIn = (world: TestWorld): number => world.chain.view.outputs(PAYOUT_SCRIPT).outputs.length;

/** No commitment ever met two requests: each ceremony has at most one digest per validator, and all of them the same. */
function expectNoNonceTwice(world: TestWorld): void {
  const digests = new Map<string, Set<string>>();
  for (const { signed } of world.validators.values()) {
    for (const [ceremony, digest] of signed) digests.set(ceremony, (digests.get(ceremony) ?? new Set()).add(digest));
  }
  expect(digests.size).toBeGreaterThan(0);
  for (const set of digests.values()) expect(set.size).toBe(1);
}

scenario('a signer that goes silent after committing is replaced in a new session', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  let silent: ValidatorId | undefined;
  for (const validator of world.validators.values()) {
    validator.behave = (request, { id }) => {
      if (request !== 'givePartials') return 'answer';
      silent ??= id;
      return silent === id ? 'silent' : 'answer';
    };
  }
  const paying = await start(scene, vault, [coin]);
  await broadcast(world);
  await world.dev.mine(2);
  const paid = (await paying.result()) as PayOutResult;
  if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
  expect(paid.sessions).toBe(2);
  expect(paid.signers).not.toContain(silent);
  // What the metrics of the worker are told.
  for (const signer of paid.signers) expect(world.produced).toContainEqual([signer, 1]);
  expect(world.produced).toContainEqual(['all', 1]);
  expectNoNonceTwice(world);
  await keepHistory(paying, 'pay-out-silent-signer');
});

scenario('a refusal that no signer set can get around ends the payout with its code', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  for (const validator of world.validators.values()) {
    validator.behave = (request) => (request === 'givePartials' ? { refuse: 'policy.frozen' } : 'answer');
  }
  const paying = await start(scene, vault, [coin]);
  const paid = (await paying.result()) as PayOutResult;
  expect(paid).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.frozen' } });
  expect(paid.outcome === 'refused' && paid.sessions).toBe(1);
  expect(world.dev.mempool.size).toBe(0);
  await keepHistory(paying, 'pay-out-frozen');
});

scenario('one validator that says no by its own policy costs a session', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  let picky: ValidatorId | undefined;
  for (const validator of world.validators.values()) {
    validator.behave = (request, { id }) => {
      if (request !== 'givePartials') return 'answer';
      picky ??= id;
      return picky === id ? { refuse: 'policy.fee-rate' } : 'answer';
    };
  }
  const paying = await start(scene, vault, [coin]);
  await broadcast(world);
  await world.dev.mine(2);
  expect(await paying.result()).toMatchObject({ outcome: 'settled', sessions: 2 });
});

scenario('signers that were left out are asked again when one of the others is down', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  const late = new Set<ValidatorId>();
  for (const validator of world.validators.values()) {
    validator.behave = (request, { id }) => {
      // Two signers miss the first session; then both are back and, of the three that never failed, one is down.
      if (request === 'givePartials' && (late.has(id) || late.size < 2)) {
        const missed = !late.has(id);
        late.add(id);
        return missed ? { refuse: 'conflict.anchor-orphaned' } : 'answer';
      }
      const spare = [...world.validators.keys()].filter((each) => !late.has(each)).at(-1);
      return request === 'giveCommitments' && late.size === 2 && id === spare ? 'silent' : 'answer';
    };
  }
  const paying = await start(scene, vault, [coin], { sessionSeconds: 0.2 });
  await broadcast(world);
  await world.dev.mine(2);
  const paid = (await paying.result()) as PayOutResult;
  if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
  expect(paid.signers.filter((id) => late.has(id))).not.toEqual([]);
  expectNoNonceTwice(world);
});

scenario('another worker carries on in the middle of a session, with the same request', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  let answered = 0;
  let open = false;
  for (const validator of world.validators.values()) {
    validator.behave = (request) => {
      if (request !== 'givePartials' || open) return 'answer';
      answered += 1;
      return answered === 1 ? 'answer' : 'silent';
    };
  }
  const first = await startWorker(env, world);
  const paying = await start({ ...scene, taskQueue: first.taskQueue }, vault, [coin], { sessionSeconds: 60 });
  await eventually('one partial was given', async () => answered >= 3);
  await first.stop();
  open = true;
  const second = await startWorker(env, world, { taskQueue: first.taskQueue });
  try {
    await broadcast(world);
    await world.dev.mine(2);
    expect(await paying.result()).toMatchObject({ outcome: 'settled', sessions: 1 });
    expectNoNonceTwice(world);
    expect(paymentsIn(world)).toBe(1);
    await keepHistory(paying, 'pay-out-takeover');
  } finally {
    await second.stop();
  }
});

scenario(
  'a request that its release key did not sign is refused at once, not when its deposit comes',
  async (scene) => {
    const { env, world, taskQueue } = scene;
    const vault = await openVault(env, world, taskQueue);
    const nowhere: Outpoint = { txid: 'ab'.repeat(32), vout: 0 };
    const signed = signedRelease(world, vault.vault, [nowhere]);
    const forged = { ...signed, signature: '00'.repeat(64) };
    const paying = await start(scene, vault, [nowhere], { signedReleaseRequest: forged });
    expect(await paying.result()).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.release-signature' } });
  },
);

scenario('a deposit that is not deep enough is waited for', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 1);
  const paying = await start(scene, vault, [coin]);
  await eventually('it waits', async () =>
    (await paying.query(progressQuery)).meanwhile.includes('1 of 2 confirmations'),
  );
  await world.dev.mine(1);
  await broadcast(world);
  await world.dev.mine(2);
  expect(await paying.result()).toMatchObject({ outcome: 'settled' });
});

scenario('a reorg takes a settled-looking payout back, and the same bytes confirm again', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  const paying = await start(scene, vault, [coin], { confirmations: 3 });
  await world.dev.mine(1);
  await broadcast(world);
  const [block] = await world.dev.mine(1);
  await eventually('it is in a block', async () => (await paying.query(progressQuery)).have === 1);
  await world.dev.forkFrom((block?.height ?? 0) - 1, 2);
  await eventually(
    'the reorg is named',
    async () => (await paying.query(progressQuery)).phase === 'unsettled-by-reorg',
  );
  await world.dev.mine(2);
  expect(await paying.result()).toMatchObject({ outcome: 'settled' });
  expect(paymentsIn(world)).toBe(1);
  await keepHistory(paying, 'pay-out-reorg');
});

scenario(
  'a payout whose deposit a reorg gave back to its sender says that only another deposit helps',
  async (scene) => {
    const { env, world, taskQueue } = scene;
    const vault = await openVault(env, world, taskQueue);
    const coin = await deposit(world, vault.script, 2);
    const paying = await start(scene, vault, [coin]);
    await broadcast(world);
    const { height } = world.chain.view.status().tip;
    await world.dev.forkFrom(height - 2, 3, { drop: true });
    expect(world.chain.view.output(coin).output).toBeUndefined();
    await eventually('it says so', async () => (await paying.query(progressQuery)).next.includes('must pay again'));
    await paying.terminate('nobody pays again in this test');
  },
);

scenario('a request that was paid already pays nothing twice', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  const paying = await start(scene, vault, [coin]);
  await broadcast(world);
  await world.dev.mine(2);
  const paid = (await paying.result()) as PayOutResult;
  const again = await start(scene, vault, [coin]);
  const repeated = (await again.result()) as PayOutResult;
  expect(repeated).toMatchObject({ outcome: 'settled-before', txid: paid.outcome === 'settled' ? paid.txid : '' });
  expect(paymentsIn(world)).toBe(1);
});

scenario(
  'a fee that the terms do not allow, a wrong sum and an unknown vault are refused before anyone signs',
  async (scene) => {
    const { env, world, taskQueue } = scene;
    const modest = await openVault(env, world, taskQueue, { maximumFeeSats: FEE_SATS - 1 });
    const dear = await start(scene, modest, [await deposit(world, modest.script, 2)]);
    expect(await dear.result()).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.release-fee' } });
    const vault = await openVault(env, world, taskQueue);
    const coin = await deposit(world, vault.script, 2);
    const wrongSum = await start(scene, vault, [coin], {
      signedReleaseRequest: signedRelease(world, vault.vault, [coin], AMOUNT_SATS - 1),
    });
    expect(await wrongSum.result()).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.release-request' } });
    const unknown = 'cd'.repeat(32) as OpenVault['vault'];
    const stranger = await start(scene, { ...vault, vault: unknown }, [coin]);
    expect(await stranger.result()).toMatchObject({ outcome: 'refused', refusal: { code: 'policy.vault-unknown' } });
    expect([...world.validators.values()].flatMap(({ asked }) => asked)).not.toContain('givePartials');
  },
);

scenario('a signer whose partial is wrong is replaced, and the evidence proves its fault and holds', async (scene) => {
  const { env, world, taskQueue } = scene;
  const vault = await openVault(env, world, taskQueue);
  const coin = await deposit(world, vault.script, 2);
  const [culprit] = world.validators.values();
  if (culprit === undefined) throw new Error('there is no validator');
  culprit.spoilsPartials = true;
  // Two of the others are late, so that the culprit is one of the first three.
  for (const late of [...world.validators.values()].slice(3)) {
    late.behave = (request) =>
      request === 'giveCommitments' && !culprit.asked.includes('givePartials') ? 'silent' : 'answer';
  }
  const paying = await start(scene, vault, [coin]);
  await broadcast(world);
  await world.dev.mine(2);
  const paid = (await paying.result()) as PayOutResult;
  if (paid.outcome !== 'settled') throw new Error(JSON.stringify(paid));
  expect(paid.sessions).toBe(2);
  expect(paid.signers).not.toContain(culprit.id);
  expect(paid.blame).toMatchObject([{ validator: culprit.id, why: expect.stringContaining('input 0') }]);
  const bytes = await world.deps.blobs.get(paid.evidence, {
    signal: AbortSignal.timeout(5_000),
    deadlineMs: Date.now() + 5_000,
  });
  const evidence = evidenceFrom(JSON.parse(Buffer.from(bytes).toString()), 'signing', 'evidence');
  const checks = new Checks();
  verifyEvidence(world.deps.genesis, evidence, checks);
  expect(
    checks.done.filter(({ detail }) => detail.includes('wrong, and signed by its validator: validator-001')),
  ).toHaveLength(1);
  expect(checks.claims).toEqual([]);
});
