import { relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { withClient } from '../cli/coordinator.ts';
import { readWholeNumber } from '../cli/duration.ts';
import { type Operator, readOperator } from '../cli/operator.ts';
import type { Outcome } from '../cli/outcome.ts';
import { showVault } from '../cli/vault/show.ts';
import { toHex } from '../domain/encoding/hex.ts';
import { outpointText, type Terms, type VaultId } from '../domain/vault/terms.ts';
import { SUPPLY_SATS } from '../domain/vault/verify-terms.ts';
import { confirmDepositId, depositQuery } from '../workflows/confirm-deposit/messages.ts';
import { controlOf } from './control/ask.ts';
import { BLOCKS_MAX } from './control/orders.ts';
import { type Layout, layout as layoutOf } from './layout.ts';
import type { FundOptions, MineOptions } from './options.ts';
import { publicKeyIn } from './owner-keys.ts';

/** As deep as `payout` wants a deposit when it is told nothing else. */
const BLOCKS_DEFAULT = 6;
const DEPOSIT_MS = 20_000;
const LOOK_MS = 250;
/** A deposit that has one of these words will have another one soon. */
const UNDECIDED: ReadonlySet<string> = new Set([
  'unknown',
  'awaiting-deposit',
  'seen',
  'moved-by-reorg',
  'vanished-by-reorg',
]);

/** Pays a vault from the faucet of a running devnet, to the address that `vault show` computes, and mines on top. */
export async function fund(options: FundOptions): Promise<Outcome> {
  const layout = layoutOf(options.data);
  const blocks = readWholeNumber(options.blocks ?? String(BLOCKS_DEFAULT), '--blocks', 0, BLOCKS_MAX);
  const asked =
    options.amount === undefined ? undefined : readWholeNumber(options.amount, '--amount', 1_000, SUPPLY_SATS);
  const ask = controlOf(layout);
  const operator = readOperator(layout.root);
  const shown = await showVault({ data: layout.root, qr: false }, options.vault);
  const { vault, address, script, terms } = shown.data as unknown as Shown;
  const amountSats = asked ?? terms.deposit.amountSats;
  const { outpoint, height } = await ask({ order: 'fund', script, amountSats, blocks });
  const deposit = blocks < BLOCKS_DEFAULT ? undefined : await depositState(operator, vault);
  return {
    data: { vault, address, amountSats, outpoint, height, blocks, ...(deposit === undefined ? {} : { deposit }) },
    lines: [
      `vault ${vault} was PAID ${amountSats} sat from the devnet's faucet`,
      `  address    ${address}`,
      ...(outpoint === undefined ? [] : [`  outpoint   ${outpointText(outpoint)}`]),
      `  blocks     ${blocks} mined now, the chain is at block ${height}`,
      ...(deposit === undefined ? [] : [`  deposit    ${deposit}`]),
    ],
    next: nextAfter(blocks, `payout ${vault} --release-key ${releaseKeyFile(layout, terms)}`),
  };
}

/** A payout that is told nothing else wants the deposit deeper than it may be now. */
export function nextAfter(blocks: number, payout: string): string {
  if (blocks === 0) return `devnet mine ${BLOCKS_DEFAULT}`;
  return blocks < BLOCKS_DEFAULT ? `${payout} --confirmations ${blocks}` : payout;
}

type Shown = {
  readonly vault: VaultId;
  readonly address: string;
  readonly script: string;
  readonly terms: Terms;
};

/** Mines on a running devnet; otherwise a block comes every few seconds. */
export async function mine(options: MineOptions): Promise<Outcome> {
  const blocks = readWholeNumber(options.blocks ?? '1', 'the number of blocks', 1, BLOCKS_MAX);
  const { height } = await controlOf(layoutOf(options.data))({ order: 'mine', blocks });
  return { data: { blocks, height }, lines: [`${blocks} mined, the chain is at block ${height}`] };
}

/** What the process that watches says within a few seconds; the coins are paid, whether or not it can be asked. */
async function depositState(operator: Operator, vault: VaultId): Promise<string> {
  return withClient(operator, async (client) => {
    const handle = client.workflow.getHandle(confirmDepositId(operator.genesis.name, vault));
    const deadline = Date.now() + DEPOSIT_MS;
    let state = 'unknown';
    while (UNDECIDED.has(state) && Date.now() < deadline) {
      state = (await handle.query(depositQuery).catch(() => undefined))?.state ?? state;
      if (UNDECIDED.has(state)) await wait(LOOK_MS);
    }
    return state;
  }).catch(() => 'unknown');
}

/** The devnet holds both keys that an owner of its vaults may have named; any other is where the owner keeps it. */
function releaseKeyFile({ owner }: Layout, terms: Terms): string {
  const file = [owner.ownerKey, owner.releaseKey].find((one) => toHex(publicKeyIn(one)) === terms.releaseKey);
  return file === undefined ? '<file>' : relative(process.cwd(), file);
}
