import { expect } from '@jest/globals';
import type { DepositObservation } from '../../activities/deposits.ts';
import {
  CONFIRM_DEPOSIT,
  type ConfirmDepositInput,
  type ConfirmDepositResult,
  type DepositReport,
  type DepositState,
  startConfirmDeposit,
} from '../../workflows/confirm-deposit/messages.ts';
import type { VaultId } from '../../domain/vault/terms.ts';
import { BLOB, KEY, NETWORK, THRESHOLD, VALIDATORS } from './rig/scripted.ts';
import { onSkippingServer, type SkippingServer, taking } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const DAY_HOURS = 24;
const HOUR = 3_600;
const DEPTH = 3;
const DUE_SATS = 100;
const DEADLINE_HEIGHT = 50;

type Look = { readonly height?: number; readonly amounts: readonly number[]; readonly spent?: boolean };

/** What a look at the chain says when these coins lie in the vault, deep enough and agreed on. */
const observed = ({ height = 10, amounts, spent = false }: Look): DepositObservation => ({
  fingerprint: JSON.stringify([height, amounts, spent]),
  outputs: amounts.map((amountSats, vout) => ({
    outpoint: { txid: 'de'.repeat(32), vout },
    amountSats,
    block: { hash: 'b0'.repeat(32), height },
    confirmations: DEPTH,
    ...(spent ? { spentBy: { txid: 'e5'.repeat(32), confirmations: DEPTH } } : {}),
  })),
  anchor: { hash: 'a0'.repeat(32), height: height + DEPTH },
  agreeing: VALIDATORS.slice(0, THRESHOLD),
  quorum: THRESHOLD,
  keyState: 'active',
  deposit: { amountSats: DUE_SATS, deadlineHeight: DEADLINE_HEIGHT },
  statements: BLOB,
});
const settled: Look = { amounts: [DUE_SATS], spent: true };

let vaults = 0;
/** Between every two looks lie so many hours in which nothing happens. */
async function watch(server: SkippingServer, quietHours: number, looks: readonly Look[]) {
  vaults += 1;
  const vault = vaults.toString(16).padStart(64, '0') as VaultId;
  const input: ConfirmDepositInput = {
    network: NETWORK,
    vault,
    key: KEY,
    script: '51',
    watchFromHeight: 1,
    confirmations: DEPTH,
  };
  let quiet = 0;
  let next = 0;
  const observeDeposit = taking<{ readonly seconds: number }, DepositObservation | undefined>(() => {
    quiet += 1;
    if (quiet <= quietHours) return undefined;
    quiet = 0;
    const look = looks[Math.min(next, looks.length - 1)] ?? settled;
    next += 1;
    return observed(look);
  });
  const lived = await server.live<ConfirmDepositInput, ConfirmDepositResult>(
    CONFIRM_DEPOSIT,
    (taskQueue) => startConfirmDeposit(input, taskQueue),
    { observeDeposit },
  );
  if (lived.result.outcome === 'refused') throw new Error(JSON.stringify(lived.result));
  return { ...lived, report: lived.result.report };
}
const states = ({ history }: DepositReport): DepositState[] => history.map(({ state }) => state);

for (const [what, look, named, days] of [
  // Ten days in all: longer than one run of a watch.
  ['in time and exact', { amounts: [DUE_SATS], height: DEADLINE_HEIGHT }, 'confirmed', 5],
  ['a block after the deadline', { amounts: [DUE_SATS], height: DEADLINE_HEIGHT + 1 }, 'late', 1],
  ['too small', { amounts: [DUE_SATS - 1] }, 'under-deposited', 1],
  ['too large', { amounts: [DUE_SATS + 1] }, 'over-deposited', 1],
  ['made twice', { amounts: [DUE_SATS, DUE_SATS] }, 'double-deposited', 1],
] as const) {
  waiting(
    `a deposit ${what} that comes after ${days * DAY_HOURS} hours is named ${named}, and watched until it is paid out`,
    async (server) => {
      const quietHours = days * DAY_HOURS;
      const { report, tookSeconds } = await watch(server, quietHours, [look, settled]);
      expect(states(report)).toEqual([named, 'settled']);
      expect(tookSeconds).toBeGreaterThanOrEqual(2 * quietHours * HOUR - 60);
    },
  );
}

waiting(
  'a deposit that is filled up days later is confirmed, and one that is filled up too far is not',
  async (server) => {
    const filledUp = await watch(server, DAY_HOURS, [{ amounts: [60] }, { amounts: [60, 40] }, settled]);
    expect(states(filledUp.report)).toEqual(['under-deposited', 'double-deposited', 'settled']);
    const replaced = await watch(server, DAY_HOURS, [{ amounts: [60] }, { amounts: [DUE_SATS] }, settled]);
    expect(states(replaced.report)).toEqual(['under-deposited', 'confirmed', 'settled']);
  },
);
