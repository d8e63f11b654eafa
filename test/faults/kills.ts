import { NETWORK_NAME } from '../../devnet/layout.ts';
import { vaultIdOf } from '../../domain/vault/terms.ts';
import { CONFIRM_DEPOSIT, confirmDepositId, startConfirmDeposit } from '../../workflows/confirm-deposit/messages.ts';
import { GENERATE_KEY, type GenerateKeyResult, startGenerateKey } from '../../workflows/generate-key/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../workflows/open-vault/messages.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { patiently, resultOf } from '../../devnet/engine.ts';
import { liveTest } from '../e2e/rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { CONFIRMATIONS, DEPOSIT_SATS, mineWhileItSettles, signedRelease } from '../e2e/rig/payouts.ts';
import { chance as chanceOf } from '../e2e/rig/seed.ts';
import { type FaultLog, keyIn } from './rig/fault-log.ts';
import { planStrikes, type Strike, strike, VICTIM_KINDS, type VictimKind } from './rig/strikes.ts';
import { freshTerms } from '../../devnet/fresh-terms.ts';

const PHASES = {
  generateKey: ['commitments', 'shares', 'transcript', 'certificate', 'self-test', 'activation'],
  openVault: ['registering-terms', 'certificate', 'holding-terms'],
  confirmDeposit: ['awaiting-deposit', 'seen', 'confirmed'],
  payOut: ['planning', 'collecting-commitments', 'collecting-partials', 'broadcasting', 'settling'],
} as const;
type Process = keyof typeof PHASES;
type Plan = ReadonlyMap<string, VictimKind>;
type VaultProcess = Exclude<Process, 'generateKey'>;

const RESULT_MS = 240_000;
const ENGINE_MS = 30_000;
/** `all`: every kind of victim in every phase, which takes minutes; else as little as meets every phase and every kind. */
const IS_EVERY_PAIR = process.env['FIREBREAK_KILLS'] === 'all';
const SCENE_MS = IS_EVERY_PAIR ? 1_500_000 : 300_000;
const CYCLES_MAX = IS_EVERY_PAIR ? 16 : 4;

/** Every phase of every process meets a SIGKILL, and every process meets every kind of victim; with `FIREBREAK_KILLS=all` in every phase. */
export function killScenes(live: () => LiveNetwork, log: FaultLog): void {
  const chance = chanceOf('kills');
  const scene = liveTest.bind(undefined, 'kills');

  scene(
    'a key is made although a process is killed in every phase',
    live,
    async (net) => {
      for (let epoch = 1; ; epoch += 1) {
        const start = startGenerateKey({ network: NETWORK_NAME, epoch, purpose: 'custody', attemptsMax: 5 });
        const handle = await patiently('starting generateKey', ENGINE_MS, () =>
          net.client.workflow.start(GENERATE_KEY, start),
        );
        const striking = strike(net, chance, handle.workflowId, plannedFor('generateKey'));
        const result = await resultOf<GenerateKeyResult>(handle, RESULT_MS);
        if (result.outcome !== 'active') throw new Error(JSON.stringify(result));
        log.key = result.key;
        keep('generateKey', await striking.done);
        if (allStruck(['generateKey'], `key ${epoch}`, epoch)) return;
      }
    },
    SCENE_MS,
  );

  scene(
    'vaults are opened, funded and paid out exactly once although a process is killed in every phase',
    live,
    async (net) => {
      for (let cycle = 1; ; cycle += 1) {
        const [openVault, confirmDeposit, payOut] = (['openVault', 'confirmDeposit', 'payOut'] as const).map(
          plannedFor,
        );
        await wholeLife(net, { openVault, confirmDeposit, payOut } as Readonly<Record<VaultProcess, Plan>>);
        if (allStruck(['openVault', 'confirmDeposit', 'payOut'], `vault ${cycle}`, cycle)) return;
      }
    },
    SCENE_MS,
  );

  /** A phase can be over before its kill is ready; another cycle strikes what is left. */
  function allStruck(names: readonly Process[], after: string, cycle: number): boolean {
    const left = IS_EVERY_PAIR
      ? names.flatMap((name) =>
          PHASES[name].flatMap((phase) => kindsLeft(name, phase).map((kind) => `${name} ${phase} ${kind}`)),
        )
      : names.flatMap((each) => [...notStruck(each), ...kindsMissing(each)]);
    if (left.length > 0) process.stdout.write(`    after ${after} still to come: ${left.join(', ')}\n`);
    if (left.length > 0 && cycle === CYCLES_MAX) throw new Error(`these never happened: ${left.join(', ')}`);
    return left.length === 0;
  }

  /** What is left to be struck, at least one kind that has not been the victim first. */
  function plannedFor(name: Process): Plan {
    if (IS_EVERY_PAIR)
      return new Map(
        PHASES[name].flatMap((phase) => {
          const kinds = kindsLeft(name, phase);
          return kinds.length === 0 ? [] : [[phase, chance.pick(kinds)] as const];
        }),
      );
    const phases = notStruck(name);
    const kinds = kindsMissing(name);
    const open = phases.length > 0 ? phases : kinds.length > 0 ? [...PHASES[name]].slice(0, kinds.length) : [];
    return planStrikes(chance, open, kinds);
  }

  const keep = (name: Process, strikes: readonly Strike[]): void =>
    void log.strikes.push(...strikes.map((each) => ({ process: name, ...each })));
  const struckIn = (name: Process) => log.strikes.filter(({ process: each }) => each === name);
  const notStruck = (name: Process): string[] =>
    PHASES[name].filter((phase) => !struckIn(name).some((each) => each.phase === phase));
  const kindsMissing = (name: Process): VictimKind[] =>
    VICTIM_KINDS.filter((kind) => !struckIn(name).some((each) => each.kind === kind));

  const kindsLeft = (name: Process, phase: string): VictimKind[] =>
    VICTIM_KINDS.filter((kind) => !struckIn(name).some((each) => each.phase === phase && each.kind === kind));

  /** Terms to settled coins, each run followed by its own executioner. */
  async function wholeLife(net: LiveNetwork, plans: Readonly<Record<VaultProcess, Plan>>): Promise<void> {
    const key = keyIn(log);
    const network = NETWORK_NAME;
    const signedTerms = await freshTerms(net);
    const vault = vaultIdOf(signedTerms.terms);
    const watchFromHeight = (await net.chain.tip()).height;
    const begin = (type: string, options: ReturnType<typeof startOpenVault> | object) =>
      patiently(`starting ${type}`, ENGINE_MS, () => net.client.workflow.start(type, options as never));

    const opening = await begin(OPEN_VAULT, startOpenVault({ network, signedTerms, key, watchFromHeight }));
    const whileOpening = strike(net, chance, opening.workflowId, plans.openVault);
    const opened = await resultOf<OpenVaultResult>(opening, RESULT_MS);
    if (opened.outcome !== 'open') throw new Error(JSON.stringify(opened));
    keep('openVault', await whileOpening.done);

    const { script } = opened;
    const watch = { network, vault, key, script, watchFromHeight, confirmations: CONFIRMATIONS };
    await begin(CONFIRM_DEPOSIT, startConfirmDeposit(watch));
    const whileWatching = strike(net, chance, confirmDepositId(network, vault), plans.confirmDeposit);
    await whileWatching.reached('awaiting-deposit');
    const outpoint = await net.chain.fund(script, DEPOSIT_SATS);
    const [first] = await net.chain.mine(1);
    const fromHeight = first?.height ?? 0;
    // The block that brings a killed Bitcoin node up to date can bury the deposit before a worker has looked: then it was never only seen.
    await Promise.race([whileWatching.reached('seen'), whileWatching.reached('confirmed')]);
    await net.chain.mine(CONFIRMATIONS - 1);
    await whileWatching.reached('confirmed');

    const deposit = { outpoint, height: fromHeight };
    const funded = { opened: { vault, script, address: opened.address, lines: [] }, deposit };
    const request = {
      network,
      signedReleaseRequest: signedRelease(net, funded),
      key,
      watchFromHeight,
      confirmations: CONFIRMATIONS,
      sessionSeconds: 6,
    } as const;
    const paying = await begin(PAY_OUT, startPayOut(request));
    const whilePaying = strike(net, chance, paying.workflowId, plans.payOut);
    const settledIt = new AbortController();
    const mining = mineWhileItSettles(net, paying, settledIt.signal);
    try {
      const paid = await resultOf<PayOutResult>(paying, RESULT_MS);
      if (paid.outcome === 'refused') throw new Error(JSON.stringify(paid));
      log.paid.push({ outpoint, fromHeight, payoutScript: signedTerms.terms.payoutScript });
    } finally {
      settledIt.abort();
      await mining;
    }
    keep('payOut', await whilePaying.done);
    keep('confirmDeposit', await whileWatching.done);
  }
}
