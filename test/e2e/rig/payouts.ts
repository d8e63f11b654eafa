import { setTimeout as wait } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { NETWORK_NAME } from '../../../devnet/layout.ts';
import { CONFIRMATIONS, signedRelease } from '../../../devnet/release.ts';
import { type Deposit, makeDeposit, makeVault, type OpenedVault } from '../../../devnet/story.ts';
import type { VaultId } from '../../../domain/vault/terms.ts';
import type { KeyRef } from '../../../workflows/generate-key/messages.ts';
import { type Progress, progressQuery } from '../../../workflows/lib/progress.ts';
import { type OpenVaultResult, openVaultId } from '../../../workflows/open-vault/messages.ts';
import { PAY_OUT, type PayOutInput, type PayOutResult, startPayOut } from '../../../workflows/pay-out/messages.ts';
import { resultOf } from '../../../devnet/engine.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';

export { CONFIRMATIONS, DEPOSIT_SATS, signedRelease } from '../../../devnet/release.ts';

const LOOK_MS = 300;

export type Funded = { readonly opened: OpenedVault; readonly deposit: Deposit };
/** Whose coins scenes have left where they are: a later one that needs vaults with coins takes them. */
export const leftBehind: Funded[] = [];

/** A vault with its deposit confirmed, by the verbs that an operator types. */
export async function fundedVault(live: LiveNetwork): Promise<Funded> {
  const opened = await makeVault(live);
  return { opened, deposit: await makeDeposit(live, live.chain, opened, live.client) };
}

export async function keyOf({ client }: Pick<LiveNetwork, 'client'>, vault: VaultId): Promise<KeyRef> {
  const result = (await client.workflow.getHandle(openVaultId(NETWORK_NAME, vault)).result()) as OpenVaultResult;
  if (result.outcome !== 'open') throw new Error(`vault ${vault} is not open`);
  return result.key;
}

/** Starts the process itself, because how long a silent signer is waited for is not a question of the verb. */
export async function startPayout(
  live: Pick<LiveNetwork, 'client' | 'layout'>,
  funded: Funded,
  choice: Partial<PayOutInput> = {},
): Promise<WorkflowHandle> {
  const input: PayOutInput = {
    network: NETWORK_NAME,
    signedReleaseRequest: signedRelease(live, funded),
    key: await keyOf(live, funded.opened.vault),
    watchFromHeight: funded.deposit.height,
    confirmations: CONFIRMATIONS,
    ...choice,
  };
  return live.client.workflow.start(PAY_OUT, startPayOut(input));
}

export type Settled = Extract<PayOutResult, { outcome: 'settled' }>;

/** Mines while the payout waits for blocks, and only then: blocks every second while fifteen validators sign are no real chain. */
export async function untilSettled(live: LiveNetwork, handle: WorkflowHandle, timeoutMs = 90_000): Promise<Settled> {
  const stop = new AbortController();
  const mining = mineWhileItSettles(live, handle, stop.signal);
  try {
    const result = await resultOf<PayOutResult>(handle, timeoutMs);
    if (result.outcome === 'settled') return result;
    throw new Error(`payout ended as ${JSON.stringify(result)}`);
  } finally {
    stop.abort();
    await mining;
  }
}

/** Phases in which time has to pass: a transaction that died with a node is handed in again, whatever is said of its fee meanwhile. */
const NEEDS_BLOCKS: ReadonlySet<string> = new Set([
  'settling',
  'unsettled-by-reorg',
  'waiting-for-fee',
  'waiting-for-estimate',
]);

export async function mineWhileItSettles(
  live: LiveNetwork,
  handle: WorkflowHandle,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const progress = await progressOf(handle).catch(() => undefined);
    const waits = NEEDS_BLOCKS.has(progress?.phase ?? '') || progress?.meanwhile.includes('confirmations') === true;
    if (waits) await live.chain.mine(1).catch(() => undefined); // a node that was killed takes the next one
    await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

export const progressOf = (handle: WorkflowHandle): Promise<Progress> => handle.query(progressQuery);

/** What the page of the run shows under "current details". */
export async function currentDetails(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}
