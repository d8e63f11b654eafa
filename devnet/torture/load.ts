import { setTimeout as wait } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { type Terms, vaultIdOf } from '../../domain/vault/terms.ts';
import { callForResult } from '../../plugins/chain/bitcoin/rpc.ts';
import { CONFIRM_DEPOSIT, confirmDepositId, startConfirmDeposit } from '../../workflows/confirm-deposit/messages.ts';
import type { KeyRef } from '../../workflows/generate-key/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../workflows/open-vault/messages.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { patiently, resultOf } from '../engine.ts';
import { freshTerms } from '../fresh-terms.ts';
import { NETWORK_NAME } from '../layout.ts';
import type { LiveNetwork } from '../live-network.ts';
import { momentsOf } from '../phases.ts';
import { CONFIRMATIONS, DEPOSIT_SATS, signedRelease } from '../release.ts';
import { PHASES, type Phase } from './fault.ts';
import type { Deposited, Ledger } from './ledger.ts';

/** How long one step of a vault may take through everything that happens; more is a violation of liveness. */
const STEP_MS = 300_000;
const ENGINE_MS = 60_000;
const LOOK_MS = 300;
const SESSION_SECONDS = 5;
const SESSIONS_MAX = 10;
const TRIES_MAX = 12;
const AGAIN_MS = 1_000;
/** Whoever pays through a node that dies may pay twice without knowing: then there is one more deposit, and each of them can be paid out. */
const HAS_ARRIVED: ReadonlySet<string> = new Set(['confirmed', 'double-deposited', 'over-deposited']);
/** A transaction that was lost with a node is handed in again by its sender. */
const RESEND_MS = 3_000;
const NOTICED_MS = 15_000;

/** One vault after another, from its terms to its coins; several lanes run side by side. */
export class Lane {
  readonly #live: LiveNetwork;
  readonly #key: KeyRef;
  readonly #ledger: Ledger;
  #phase: Phase | undefined;
  #changed: (() => void)[] = [];

  constructor(live: LiveNetwork, key: KeyRef, ledger: Ledger) {
    this.#live = live;
    this.#key = key;
    this.#ledger = ledger;
  }

  /** Where its vault is now; undefined between two. */
  get phase(): Phase | undefined {
    return this.#phase;
  }

  onPhase(listener: () => void): void {
    this.#changed.push(listener);
  }

  /** Once coins are on their way, any phase may come to wait for blocks: a reorganisation makes a deposit less deep at any time. */
  get needsBlocks(): boolean {
    return this.#phase !== undefined && this.#phase !== 'opening';
  }

  async run(goOn: () => boolean): Promise<void> {
    while (goOn() && !this.#live.signal.aborted) await this.#oneVault();
    this.#enter(undefined);
  }

  async #oneVault(): Promise<void> {
    const live = this.#live;
    const key = this.#key;
    this.#enter('opening');
    const signedTerms = await again(() => freshTerms(live));
    const vault = vaultIdOf(signedTerms.terms);
    const watchFromHeight = (await again(() => live.chain.tip())).height;
    const opened = await this.#until<OpenVaultResult, Extract<OpenVaultResult, { outcome: 'open' }>>(
      () => this.#start(OPEN_VAULT, startOpenVault({ network: NETWORK_NAME, signedTerms, key, watchFromHeight })),
      (result) => (result.outcome === 'open' ? result : undefined),
    );
    const { script } = opened.value;

    this.#enter('depositing');
    await this.#start(
      CONFIRM_DEPOSIT,
      startConfirmDeposit({ network: NETWORK_NAME, vault, key, script, watchFromHeight, confirmations: CONFIRMATIONS }),
    );
    const deposit = await this.#deposited(vault, script, watchFromHeight, signedTerms.terms);

    deposit.state = 'asked';
    this.#enter('planning');
    const startedAtMs = Date.now();
    const signedReleaseRequest = signedRelease(live, { opened: { vault }, deposit });
    const input = {
      network: NETWORK_NAME,
      signedReleaseRequest,
      key,
      watchFromHeight,
      confirmations: CONFIRMATIONS,
      sessionsMax: SESSIONS_MAX,
      sessionSeconds: SESSION_SECONDS,
    };
    let workflowId = '';
    const paid = await this.#until<PayOutResult, Exclude<PayOutResult, { outcome: 'refused' }>>(
      async () => {
        const handle = await this.#start(PAY_OUT, startPayOut(input));
        ({ workflowId } = handle);
        void this.#follow(handle);
        return handle;
      },
      (result) => (result.outcome === 'refused' ? undefined : result),
    );
    deposit.state = 'paid';
    const sessions = paid.value.outcome === 'settled' ? paid.value.sessions : 0;
    this.#ledger.payouts.push({ workflowId, startedAtMs, endedAtMs: Date.now(), sessions, refusals: paid.refusals });
  }

  /** Pays until the durable process calls a deposit confirmed; one that a reorg took back is paid again. */
  async #deposited(vault: Deposited['vault'], script: string, fromHeight: number, terms: Terms): Promise<Deposited> {
    const live = this.#live;
    const handle = live.client.workflow.getHandle(confirmDepositId(NETWORK_NAME, vault));
    const deadline = Date.now() + STEP_MS;
    const states = statesOf(live, handle.workflowId);
    try {
      for (;;) {
        const outpoint = await again(() => live.chain.fund(script, DEPOSIT_SATS));
        const deposit: Deposited = { vault, outpoint, fromHeight, terms, state: 'made' };
        this.#ledger.deposits.push(deposit);
        const raw = await again(() => rawTransaction(live, outpoint.txid));
        let resendAtMs = Date.now() + RESEND_MS;
        // Set by whoever makes the reorg that takes it back.
        const takenBack = (): boolean => (deposit.state as string) === 'taken-back';
        while (!HAS_ARRIVED.has(states.now()) && !takenBack()) {
          if (Date.now() > deadline) throw new Error(`the deposit of ${vault} is ${states.now()} after ${STEP_MS} ms`);
          await wait(LOOK_MS);
          if (Date.now() < resendAtMs) continue;
          resendAtMs = Date.now() + RESEND_MS;
          await live.chain.pay(raw).catch(() => undefined); // most often it is known already
        }
        if (!takenBack()) return deposit;
        await untilNoticed(states);
      }
    } finally {
      states.stop();
    }
  }

  async #start(type: string, options: object): Promise<WorkflowHandle> {
    return patiently(`starting ${type}`, ENGINE_MS, () => this.#live.client.workflow.start(type, options as never));
  }

  /** Starts it again when it was refused: an operator would, too. */
  async #until<Result extends { readonly outcome: string }, Good>(
    start: () => Promise<WorkflowHandle>,
    good: (result: Result) => Good | undefined,
  ): Promise<{ readonly value: Good; readonly refusals: readonly string[] }> {
    const refusals: string[] = [];
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const handle = await start();
      const result = await resultOf<Result>(handle, STEP_MS);
      const value = good(result);
      if (value !== undefined) return { value, refusals };
      const { refusal } = result as unknown as {
        readonly refusal?: { readonly code: string; readonly message: string };
      };
      refusals.push(`${handle.workflowId}: ${refusal?.code} ${refusal?.message}`);
      await wait(AGAIN_MS);
    }
    throw new Error(`refused ${TRIES_MAX} times: ${refusals.at(-1)}`);
  }

  async #follow({ workflowId }: WorkflowHandle): Promise<void> {
    for await (const moment of momentsOf(this.#live.client, workflowId, this.#live.signal)) {
      if (moment.kind === 'closed') return;
      const phase = moment.phase === 'unsettled-by-reorg' ? 'settling' : PHASES.find((each) => each === moment.phase);
      if (phase !== undefined) this.#enter(phase);
    }
  }

  #enter(phase: Phase | undefined): void {
    this.#phase = phase;
    for (const changed of this.#changed) changed();
  }
}

/** That it arrived is the word of the blocks that were replaced; the process notices within a few blocks, or the coins came back in time. */
async function untilNoticed(states: { now(): string }): Promise<void> {
  const deadline = Date.now() + NOTICED_MS;
  while (HAS_ARRIVED.has(states.now()) && Date.now() < deadline) await wait(LOOK_MS);
}

/** The state that a run says it is in, as its history grows. */
function statesOf(live: LiveNetwork, workflowId: string): { now(): string; stop(): void } {
  let state = 'awaiting-deposit';
  const stopped = new AbortController();
  const signal = AbortSignal.any([live.signal, stopped.signal]);
  void (async () => {
    for await (const moment of momentsOf(live.client, workflowId, signal))
      if (moment.kind === 'phase') state = moment.phase;
  })().catch(() => undefined);
  return { now: () => state, stop: () => stopped.abort() };
}

async function rawTransaction({ nodes }: LiveNetwork, txid: string): Promise<Uint8Array> {
  const [first, ...rest] = nodes;
  const ask = (node: typeof first) => callForResult(node, 'getrawtransaction', [txid, 0]);
  const hex = await rest.reduce((found, node) => found.catch(() => ask(node)), ask(first));
  return Buffer.from(String(hex), 'hex');
}

/** Whatever a node or the engine that is being killed says no to. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + ENGINE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await wait(LOOK_MS);
    }
  }
}
