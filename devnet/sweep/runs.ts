import { setTimeout as wait } from 'node:timers/promises';
import type { KeyOrigin } from '../../domain/ceremony/ceremony.ts';
import {
  type Outpoint,
  outpointText,
  releaseRequestDigest,
  type SignedTerms,
  vaultIdOf,
} from '../../domain/vault/terms.ts';
import {
  CONFIRM_DEPOSIT,
  confirmDepositId,
  type ConfirmDepositResult,
  depositQuery,
  startConfirmDeposit,
} from '../../workflows/confirm-deposit/messages.ts';
import {
  GENERATE_KEY,
  type GenerateKeyResult,
  generateKeyId,
  type KeyRef,
  startGenerateKey,
} from '../../workflows/generate-key/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, openVaultId, startOpenVault } from '../../workflows/open-vault/messages.ts';
import { PAY_OUT, payOutId, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { sweepVaultId, type SweepVaultResult } from '../../workflows/sweep-vault/messages.ts';
import {
  startSweepVaults,
  SWEEP_VAULTS,
  sweepVaultsId,
  type SweepVaultsResult,
} from '../../workflows/sweep-vaults/messages.ts';
import { patiently, resultOf } from '../engine.ts';
import { freshTerms } from '../fresh-terms.ts';
import { NETWORK_NAME } from '../layout.ts';
import { DEPOSIT_SATS, signedRelease } from '../release.ts';
import { until } from '../until.ts';
import { activeIn, locksOn, spendsIn, spendsOf } from './observed.ts';
import { CONFIRMATIONS, type SmallNetwork, THRESHOLD, VALIDATORS } from './small-network.ts';
import { rotationVotes } from './votes.ts';

/** What is swept; a sweep of several vaults is one `sweepVaults` and a `sweepVault` for each. */
export const VOLLEYS = ['generateKey', 'openVault', 'confirmDeposit', 'payOut', 'sweepVaults'] as const;
export type Volley = (typeof VOLLEYS)[number];

/** One run that is ready to begin. */
export type Run = {
  /** The type of its workflow: the first word of its id. */
  readonly workflow: string;
  readonly workflowId: string;
  /** Begins it and carries it to its end, as its people would. What comes back must not differ from run to run. */
  carry(): Promise<Outcome>;
  /** Whether it waits for a block, in the phase that it is in. */
  wantsBlock(phase: string | undefined): boolean;
};
/** How a run ended, in words that name no run. */
export type Outcome = Readonly<Record<string, unknown>>;

type Open = {
  readonly key: KeyRef;
  readonly signed: SignedTerms;
  readonly script: string;
  readonly watchFromHeight: number;
};
type Funded = Open & { readonly outpoint: Outpoint };

const RESULT_MS = 300_000;
const START_MS = 60_000;
const SESSION_SECONDS = 4;
const SETTLING: ReadonlySet<string | undefined> = new Set(['settling', 'unsettled-by-reorg']);
const never = (): boolean => false;
const settles = (phase: string | undefined): boolean => SETTLING.has(phase);

/** Prepares runs of every workflow on one network; what a run leaves is what another begins with. */
export class Runs {
  readonly #net: SmallNetwork;
  readonly #opened: Open[] = [];
  readonly #funded: Funded[] = [];
  #key: KeyRef | undefined;
  #epoch = 0;
  /** Coins under a key that the next sweep leaves. */
  #toSweep: { readonly key: KeyRef; readonly coins: readonly Funded[] } | undefined;

  constructor(net: SmallNetwork) {
    this.#net = net;
  }

  /** Runs that may begin at once; everything that they need is there, undisturbed. */
  async prepare(volley: Volley, count: number): Promise<readonly Run[]> {
    const times = Array.from({ length: count });
    switch (volley) {
      case 'generateKey':
        return times.map(() => this.#keygen());
      case 'openVault': {
        const key = await this.#anyKey();
        const { height } = await this.#tip();
        return Promise.all(times.map(() => this.#opening(key, height)));
      }
      case 'confirmDeposit':
        return (await this.#takeOpened(count)).map((open) => this.#deposit(open));
      case 'payOut':
        return (await this.#takeFunded(count)).map((funded) => this.#payout(funded));
      case 'sweepVaults':
        return this.#sweep(count);
    }
  }

  #keygen(): Run {
    const epoch = this.#nextEpoch();
    const start = startGenerateKey({ network: NETWORK_NAME, epoch, purpose: 'custody', attemptsMax: 5 });
    return {
      workflow: GENERATE_KEY,
      workflowId: generateKeyId(NETWORK_NAME, epoch),
      wantsBlock: never,
      carry: async () => {
        const result = await this.#begin<GenerateKeyResult>(GENERATE_KEY, start);
        if (result.outcome !== 'active') return { outcome: result.outcome, refusal: result.refusal };
        this.#useFromNowOn(result.key);
        return {
          outcome: 'active',
          epoch: result.key.epoch === epoch,
          blamed: result.blame.length,
          active: await activeIn(this.#net.layout, VALIDATORS, result.key.keyset),
        };
      },
    };
  }

  async #opening(key: KeyRef, watchFromHeight: number): Promise<Run> {
    const signed = await freshTerms(this.#net);
    const vault = vaultIdOf(signed.terms);
    const start = startOpenVault({ network: NETWORK_NAME, signedTerms: signed, key, watchFromHeight });
    return {
      workflow: OPEN_VAULT,
      workflowId: openVaultId(NETWORK_NAME, vault),
      wantsBlock: never,
      carry: async () => {
        const result = await this.#begin<OpenVaultResult>(OPEN_VAULT, start);
        if (result.outcome !== 'open') return result;
        this.#opened.push({ key, signed, script: result.script, watchFromHeight });
        return {
          outcome: 'open',
          vault: result.vault === vault,
          key: result.key.keyset === key.keyset,
          enoughHolders: result.holders.length >= THRESHOLD,
        };
      },
    };
  }

  #deposit(open: Open): Run {
    const { client, chain } = this.#net;
    const vault = vaultIdOf(open.signed.terms);
    const { key, script, watchFromHeight } = open;
    const watch = { network: NETWORK_NAME, vault, key, script, watchFromHeight, confirmations: CONFIRMATIONS };
    let isPaid = false;
    return {
      workflow: CONFIRM_DEPOSIT,
      workflowId: confirmDepositId(NETWORK_NAME, vault),
      wantsBlock: () => isPaid,
      carry: async () => {
        const start = startConfirmDeposit(watch);
        const handle = await patiently('starting the watch', START_MS, () =>
          client.workflow.start(CONFIRM_DEPOSIT, start),
        );
        const outpoint = await until('a deposit', { timeoutMs: START_MS }, () => chain.fund(script, DEPOSIT_SATS));
        isPaid = true;
        const report = await until('a confirmed deposit', { timeoutMs: RESULT_MS }, async () => {
          const said = await handle.query(depositQuery);
          return said.state === 'confirmed' && said;
        });
        isPaid = false;
        this.#funded.push({ ...open, outpoint });
        return {
          state: report.state,
          outputs: report.outputs.map((output) => [
            outpointText(output.outpoint) === outpointText(outpoint),
            output.amountSats,
          ]),
          enoughAgree: report.agreeing.length >= THRESHOLD,
        };
      },
    };
  }

  #payout(funded: Funded): Run {
    const { client } = this.#net;
    const { key, watchFromHeight, outpoint, signed } = funded;
    const vault = vaultIdOf(signed.terms);
    const signedReleaseRequest = signedRelease(this.#net, { opened: { vault }, deposit: { outpoint } });
    const start = startPayOut({
      network: NETWORK_NAME,
      signedReleaseRequest,
      key,
      watchFromHeight,
      confirmations: CONFIRMATIONS,
      sessionSeconds: SESSION_SECONDS,
    });
    const watch = confirmDepositId(NETWORK_NAME, vault);
    return {
      workflow: PAY_OUT,
      workflowId: payOutId(NETWORK_NAME, releaseRequestDigest(signedReleaseRequest.request)),
      wantsBlock: settles,
      carry: async () => {
        const result = await this.#begin<PayOutResult>(PAY_OUT, start);
        const watched = await resultOf<ConfirmDepositResult>(client.workflow.getHandle(watch), RESULT_MS);
        return {
          outcome: result.outcome,
          ...(result.outcome === 'settled' ? { payoutSats: result.payoutSats, feeSats: result.feeSats } : {}),
          ...(result.outcome === 'refused' ? { refusal: result.refusal } : {}),
          spends: await spendsOf(this.#net.nodes, outpoint, watchFromHeight, signed.terms.payoutScript),
          locks: locksOn(this.#net.layout, VALIDATORS, outpoint),
          watch: watched.outcome,
        };
      },
    };
  }

  /** The same coins go from key to key: each sweep begins where the one before ended. */
  async #sweep(count: number): Promise<readonly Run[]> {
    const from = this.#toSweep ?? (await this.#coinsToSweep(count));
    this.#toSweep = undefined;
    const { layout, genesis } = this.#net;
    const toEpoch = this.#nextEpoch();
    const { origin, proof, epochs } = await rotationVotes(layout, genesis, from.key.epoch, toEpoch);
    const key = await this.#newKey(toEpoch, { origin, proof });
    const start = startSweepVaults({
      network: NETWORK_NAME,
      fromEpoch: from.key.epoch,
      toEpoch,
      certificate: key.certificate.digest,
      step: 'sweep',
      proof,
      epochs,
      confirmations: CONFIRMATIONS,
      sessionSeconds: SESSION_SECONDS,
    });
    const swept = Promise.withResolvers<SweepVaultsResult>();
    swept.promise.catch(() => undefined);
    const kept: Funded[] = [];
    const all: Run = {
      workflow: SWEEP_VAULTS,
      workflowId: sweepVaultsId(NETWORK_NAME, from.key.epoch, toEpoch),
      wantsBlock: never,
      carry: async () => {
        this.#begin<SweepVaultsResult>(SWEEP_VAULTS, start).then(swept.resolve, swept.reject);
        const result = await swept.promise;
        if (result.outcome !== 'swept') return result;
        return { outcome: 'swept', swept: result.swept };
      },
    };
    const each = from.coins.map((coins) =>
      this.#swept(coins, from.key, key, swept.promise, (moved) => {
        kept.push(moved);
        if (kept.length === from.coins.length) this.#toSweep = { key, coins: kept };
      }),
    );
    return [all, ...each];
  }

  /** What one vault comes to when all are swept. */
  #swept(coins: Funded, from: KeyRef, to: KeyRef, whole: Promise<unknown>, keep: (moved: Funded) => void): Run {
    const { client, nodes } = this.#net;
    const vault = vaultIdOf(coins.signed.terms);
    const workflowId = sweepVaultId(NETWORK_NAME, from.keyset, vault);
    return {
      workflow: 'sweepVault',
      workflowId,
      wantsBlock: settles,
      carry: async () => {
        await whole;
        const result = await resultOf<SweepVaultResult>(client.workflow.getHandle(workflowId), RESULT_MS);
        const opening = client.workflow.getHandle(openVaultId(NETWORK_NAME, vault));
        const reopened = await resultOf<OpenVaultResult>(opening, RESULT_MS);
        const script = reopened.outcome === 'open' ? reopened.script : '';
        const { outpoint, watchFromHeight } = coins;
        const [[spend] = []] = await spendsIn(nodes, outpoint, watchFromHeight);
        if (spend !== undefined && result.outcome === 'swept')
          keep({ ...coins, key: to, script, outpoint: { txid: spend.txid, vout: 0 } });
        return {
          ...(result.outcome === 'swept' ? { outcome: 'swept' } : result),
          reopened: reopened.outcome === 'open' && reopened.key.keyset === to.keyset,
          spends: await spendsOf(nodes, outpoint, watchFromHeight, script),
          locks: locksOn(this.#net.layout, VALIDATORS, outpoint),
        };
      },
    };
  }

  async #coinsToSweep(count: number): Promise<{ readonly key: KeyRef; readonly coins: readonly Funded[] }> {
    const key = await this.#newKey();
    const opened = await this.#takeOpened(count);
    const outpoints: Outpoint[] = [];
    for (const { script } of opened) outpoints.push(await this.#net.chain.fund(script, DEPOSIT_SATS));
    for (let block = 0; block <= CONFIRMATIONS; block += 1) await this.#net.mine(1);
    return { key, coins: opened.flatMap((open, at) => (outpoints[at] ? [{ ...open, outpoint: outpoints[at] }] : [])) };
  }

  async #newKey(
    epoch: number = this.#nextEpoch(),
    asked: { readonly origin?: KeyOrigin; readonly proof?: KeyRef['certificate'] } = {},
  ): Promise<KeyRef> {
    const rotation = asked.origin === undefined ? {} : { participants: VALIDATORS, smallest: VALIDATORS.length };
    const input = { network: NETWORK_NAME, epoch, purpose: 'custody', attemptsMax: 5, ...rotation, ...asked };
    const result = await this.#begin<GenerateKeyResult>(GENERATE_KEY, startGenerateKey(input));
    if (result.outcome !== 'active') throw new Error(`a key was refused: ${result.refusal.message}`);
    this.#useFromNowOn(result.key);
    return result.key;
  }

  /** Only the newest key gives addresses, and takes deposits. */
  #useFromNowOn(key: KeyRef): void {
    if (this.#key !== undefined && this.#key.epoch > key.epoch) return;
    this.#key = key;
    this.#opened.length = 0;
  }

  async #anyKey(): Promise<KeyRef> {
    return this.#key ?? (await this.#newKey());
  }

  async #takeOpened(count: number): Promise<readonly Open[]> {
    if (this.#opened.length < count) {
      const missing = await this.prepare('openVault', count - this.#opened.length);
      await Promise.all(missing.map((run) => run.carry()));
    }
    return this.#opened.splice(0, count);
  }

  async #takeFunded(count: number): Promise<readonly Funded[]> {
    if (this.#funded.length < count) {
      const missing = await this.prepare('confirmDeposit', count - this.#funded.length);
      await carryWithBlocks(missing, () => this.mine());
    }
    return this.#funded.splice(0, count);
  }

  async #begin<T>(workflow: string, start: object): Promise<T> {
    const { client } = this.#net;
    const handle = await patiently(`starting ${workflow}`, START_MS, () =>
      client.workflow.start(workflow, start as never),
    );
    return resultOf<T>(handle, RESULT_MS);
  }

  #tip() {
    return until('a Bitcoin node', { timeoutMs: START_MS }, () => this.#net.chain.tip());
  }

  /** A node that is dead takes the next one. */
  mine(): Promise<void> {
    return this.#net.mine(1).catch(() => undefined);
  }

  #nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }
}

const BLOCK_MS = 600;
const QUIET_MS = 3_000;

/** Undisturbed, with a block now and then. */
async function carryWithBlocks(runs: readonly Run[], mine: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const mining = mineWhile(() => runs.some((run) => run.wantsBlock(undefined)), mine, over.signal);
  try {
    await Promise.all(runs.map((run) => run.carry()));
  } finally {
    over.abort();
    await mining;
  }
}

/** A block soon while somebody waits for one, and one now and then, as on any chain. */
export async function mineWhile(
  isWanted: () => boolean,
  mine: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let minedAtMs = Date.now();
  while (!signal.aborted) {
    await wait(BLOCK_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || (!isWanted() && Date.now() - minedAtMs < QUIET_MS)) continue;
    minedAtMs = Date.now();
    await mine();
  }
}
