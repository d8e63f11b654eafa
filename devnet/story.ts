import { Client, Connection } from '@temporalio/client';
import { setTimeout as wait } from 'node:timers/promises';
import { generateKey } from '../cli/key/generate.ts';
import type { Outcome } from '../cli/outcome.ts';
import { payout } from '../cli/payout/payout.ts';
import { openVault } from '../cli/vault/open.ts';
import { showVault } from '../cli/vault/show.ts';
import { toHex } from '../domain/encoding/hex.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { Outpoint, VaultId } from '../domain/vault/terms.ts';
import { taprootAddress } from '../threshold/verify/vault-script.ts';
import { confirmDepositId, type DepositReport, depositQuery } from '../workflows/confirm-deposit/messages.ts';
import type { PayOutResult } from '../workflows/pay-out/messages.ts';
import { NETWORK_NAME } from './layout.ts';
import { publicKeyIn } from './owner-keys.ts';
import { LOOPBACK } from './ports.ts';
import { silent } from './silent.ts';
import { type DevnetChain, type Network, workerNames } from './network.ts';
import { killCoordinatorMidway, readPartials, type PartialSeen, type Takeover } from './takeover.ts';

const DEPOSIT_SATS = 50_000_000;
const CONFIRMATIONS = 3;
const DEPOSIT_MS = 180_000;
const SHOW_MS = 120_000;
const PAYOUT_MS = 300_000;
/** A block every second while something waits for one. */
const BLOCK_MS = 1_000;

export type OpenedVault = {
  readonly vault: VaultId;
  readonly lines: readonly string[];
  readonly address: string;
  readonly script: string;
};
export type Deposit = { readonly outpoint: Outpoint; readonly height: number };
export type PaidOut = {
  readonly workflowId: string;
  readonly result: Extract<PayOutResult, { outcome: 'settled' }>;
  readonly takeover: Takeover | undefined;
  readonly partials: readonly PartialSeen[];
};

/** The key of the first epoch: made now, or found from an earlier start. */
export function makeKey(network: Network): Promise<Outcome> {
  return generateKey(silent, { data: network.layout.root, epoch: '1', purpose: 'custody', yes: true, json: true });
}

/** A fresh vault with fresh terms, and its address as `vault show` computes it. */
export async function makeVault(network: Network): Promise<OpenedVault> {
  const { layout } = network;
  const opened = await openVault(silent, {
    data: layout.root,
    ownerKey: layout.owner.ownerKey,
    releasePublicKey: toHex(publicKeyIn(layout.owner.releaseKey)),
    payTo: taprootAddress(publicKeyIn(layout.owner.payoutKey), 'regtest'),
    amount: String(DEPOSIT_SATS),
    deadline: '1000',
    maximumFee: '20000',
    refundAfter: '5000',
    purpose: 'demonstration',
    confirmations: String(CONFIRMATIONS),
    yes: true,
    json: true,
  });
  const vault = opened.data['vault'] as VaultId;
  const shown = await shownVault(network, vault);
  return { vault, lines: shown.lines, address: String(shown.data['address']), script: String(shown.data['script']) };
}

/** Asks again, as an operator would, while a busy machine keeps a validator from answering in time. */
async function shownVault({ layout, signal }: Network, vault: VaultId): Promise<Outcome> {
  const deadline = Date.now() + SHOW_MS;
  for (;;) {
    try {
      return await showVault({ data: layout.root }, vault);
    } catch (error) {
      const early = error instanceof FirebreakFailure && error.code === 'policy.not-yet-shown';
      if (!early || Date.now() > deadline || signal.aborted) throw error;
    }
  }
}

/** Pays the promised amount, mines, and waits until the durable process calls the deposit confirmed. */
export async function makeDeposit(
  network: Network,
  chain: DevnetChain,
  { vault, script }: OpenedVault,
  client: Client,
): Promise<Deposit> {
  const outpoint = await chain.fund(script, DEPOSIT_SATS);
  const [first] = await chain.mine(CONFIRMATIONS);
  const handle = client.workflow.getHandle(confirmDepositId(NETWORK_NAME, vault));
  const deadline = Date.now() + DEPOSIT_MS;
  let report: DepositReport | undefined;
  while (Date.now() < deadline && !network.signal.aborted) {
    report = await handle.query(depositQuery).catch(() => undefined);
    if (report?.state === 'confirmed') return { outpoint, height: first?.height ?? 0 };
    await wait(200);
  }
  throw new FirebreakFailure(
    'unknown-outcome.story',
    `the deposit ${outpoint.txid} is ${report?.state ?? 'unknown'} after ${DEPOSIT_MS / 1000} s`,
  );
}

/** Starts the payout, kills the coordinator on the way when `kill`, mines, and waits until it is settled. */
export async function makePayout(
  network: Network,
  chain: DevnetChain,
  opened: OpenedVault,
  client: Client,
  kill: boolean,
  say: (line: string) => void,
): Promise<PaidOut> {
  const { layout, supervisor, signal } = network;
  const { vault } = opened;
  const workflowId = await startPayout(network, opened);
  const takeover = kill
    ? await killCoordinatorMidway({ layout, supervisor, client, vault, workflowId, workers: workerNames(), signal })
    : undefined;
  if (takeover !== undefined)
    say(`${takeover.killed.worker} killed, ${takeover.takenOver?.worker ?? 'nobody yet'} took over`);
  const late = AbortSignal.any([signal, AbortSignal.timeout(PAYOUT_MS)]);
  const result = await mineWhile(chain, late, payoutSettled(client, workflowId, late));
  const partials = readPartials(layout, result.signers, result.ceremony);
  return { workflowId, result, takeover, partials };
}

/** The id of the workflow, which goes on by itself. */
async function startPayout({ layout }: Network, { vault }: OpenedVault): Promise<string> {
  const started = await payout(
    silent,
    {
      data: layout.root,
      releaseKey: layout.owner.releaseKey,
      for: '1h',
      confirmations: String(CONFIRMATIONS),
      yes: true,
      wait: false,
      json: true,
    },
    vault,
  );
  return String(started.data['workflowId']);
}

/** Waits for blocks that somebody else mines. Any other end than a settled payout is a failure that names it. */
export async function payoutSettled(client: Client, workflowId: string, late: AbortSignal): Promise<PaidOut['result']> {
  const done = client.workflow.getHandle(workflowId).result() as Promise<PayOutResult>;
  const result = await Promise.race([done, aborted(late)]);
  if (result?.outcome === 'settled') return result;
  const why =
    result === undefined
      ? 'is not settled yet'
      : result.outcome === 'refused'
        ? result.refusal.message
        : result.outcome;
  throw new FirebreakFailure('unknown-outcome.story', `payout ${workflowId} ${why}`);
}

/** A block now and then as long as something waits for one; ends with it. */
export async function mineWhile<T>(chain: DevnetChain, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const mining = mineUntil(chain, AbortSignal.any([stop.signal, signal]));
  try {
    return await work;
  } finally {
    stop.abort();
    await mining;
  }
}

async function mineUntil(chain: DevnetChain, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(BLOCK_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await chain.mine(1).catch(() => undefined); // a node that restarts takes the next one
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

export async function connectClient(network: Network): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const connection = await Connection.connect({ address: `${LOOPBACK}:${network.ports.temporal}` });
  return { client: new Client({ connection }), close: () => connection.close() };
}
