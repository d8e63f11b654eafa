import type { DepositObservation } from '../../activities/deposits.ts';
import { outpointText } from '../../domain/vault/terms.ts';
import type { Change } from '../lib/track.ts';
import type { DepositOutput, DepositReport, DepositState } from './messages.ts';

const HISTORY_MAX = 64;

export const NOTHING_SEEN: DepositReport = { state: 'awaiting-deposit', outputs: [], agreeing: [], history: [] };

/** The next report: what is seen now, judged against what was seen before. */
export function nextReport(
  before: DepositReport,
  seen: DepositObservation,
  depth: number,
  atMs: number,
): DepositReport {
  const state = judge(before, seen, depth);
  const outputs = seen.outputs.map(
    ({ outpoint, amountSats, block, confirmations, spentBy }): DepositOutput => ({
      outpoint,
      amountSats,
      block,
      confirmations,
      ...(spentBy === undefined ? {} : { spentBy: spentBy.txid }),
    }),
  );
  const entry = { state, atMs, height: seen.anchor.height };
  // What a reorg did is named first and judged again at once: the next look must not wait for another change.
  const again =
    state !== before.state && (state === 'moved-by-reorg' || (state === 'vanished-by-reorg' && outputs.length > 0));
  return {
    state,
    // What vanished stays named, so that a return is recognised.
    outputs: outputs.length === 0 ? before.outputs : outputs,
    anchor: seen.anchor,
    agreeing: seen.agreeing,
    ...(seen.statements === undefined ? {} : { statements: seen.statements }),
    ...(again ? {} : { fingerprint: seen.fingerprint }),
    history: state === before.state ? before.history : [...before.history, entry].slice(-HISTORY_MAX),
  };
}

function judge(before: DepositReport, seen: DepositObservation, depth: number): DepositState {
  const { outputs, deposit } = seen;
  if (outputs.length === 0) return before.outputs.length === 0 ? 'awaiting-deposit' : 'vanished-by-reorg';
  if (outputs.every(({ spentBy }) => spentBy !== undefined && spentBy.confirmations >= depth)) return 'settled';
  const now = new Map(outputs.map((output) => [outpointText(output.outpoint), output]));
  const still = before.outputs.filter((output) => now.has(outpointText(output.outpoint)));
  const vanished = before.state === 'vanished-by-reorg';
  if (still.length < before.outputs.length && !vanished) return 'vanished-by-reorg';
  const moved = still.some((output) => now.get(outpointText(output.outpoint))?.block.hash !== output.block.hash);
  // With its fingerprint kept, everything had vanished and waits to return; without it, the rest is judged by itself.
  const returned = vanished && before.fingerprint !== undefined && still.length > 0;
  if (moved || returned) return 'moved-by-reorg';
  const agreed = outputs.every(({ confirmations }) => confirmations >= depth) && seen.agreeing.length >= seen.quorum;
  if (!agreed) return before.state === 'moved-by-reorg' ? 'moved-by-reorg' : 'seen';
  if (seen.keyState !== 'active' && seen.keyState !== 'unknown') return 'to-retired-key';
  if (outputs.some(({ block }) => block.height > deposit.deadlineHeight)) return 'late';
  if (outputs.length > 1) return 'double-deposited';
  const sum = outputs.reduce((total, { amountSats }) => total + amountSats, 0);
  if (sum < deposit.amountSats) return 'under-deposited';
  return sum > deposit.amountSats ? 'over-deposited' : 'confirmed';
}

type Words = Pick<Change<DepositState>, 'awaitingRole' | 'next' | 'meanwhile' | 'percent'>;

const WORDS: Readonly<Record<DepositState, Words>> = {
  'awaiting-deposit': {
    percent: 0,
    awaitingRole: 'depositor',
    next: 'the depositor pays to the address of the vault',
    meanwhile: 'the chain is watched',
  },
  seen: {
    percent: 30,
    awaitingRole: 'chain',
    next: 'blocks must bury the deposit, and a quorum of validators must see it as deep as we do',
    meanwhile: 'nothing may rely on the deposit',
  },
  confirmed: {
    percent: 60,
    awaitingRole: 'release-key-holder',
    next: 'the holder of the release key may ask for a payout',
    meanwhile: 'the chain is watched for a reorg and for the spend',
  },
  'under-deposited': {
    percent: 60,
    awaitingRole: 'operator',
    next: 'the depositor adds the rest, or the holder of the release key releases less',
    meanwhile: 'the chain is watched',
  },
  'over-deposited': {
    percent: 60,
    awaitingRole: 'operator',
    next: 'the parties agree who gets the surplus before a release is signed',
    meanwhile: 'the chain is watched',
  },
  'double-deposited': {
    percent: 60,
    awaitingRole: 'operator',
    next: 'the parties agree which outputs a release names; each can be named on its own',
    meanwhile: 'the chain is watched',
  },
  late: {
    percent: 60,
    awaitingRole: 'operator',
    next: 'the parties agree whether a deposit after its deadline counts',
    meanwhile: 'the chain is watched',
  },
  'to-retired-key': {
    percent: 60,
    awaitingRole: 'operator',
    next: 'the coins are released or swept soon: their key no longer gives addresses',
    meanwhile: 'the chain is watched',
  },
  'moved-by-reorg': {
    percent: 30,
    awaitingRole: 'chain',
    next: 'blocks must bury the deposit again; a reorg put it into another block',
    meanwhile: 'nothing may rely on the deposit',
  },
  'vanished-by-reorg': {
    percent: 0,
    awaitingRole: 'depositor',
    next: 'the depositor checks the payment and sends it again if it was replaced',
    meanwhile: 'the chain is watched; the deposit counts again if it returns',
  },
  settled: { percent: 100, awaitingRole: 'nobody', next: 'nobody', meanwhile: 'every coin of the vault was paid out' },
  closed: { percent: 100, awaitingRole: 'nobody', next: 'nobody', meanwhile: 'the watch was ended by an operator' },
};

/** What the page says in a state. */
export const entering = (report: DepositReport, quorum: number): Change<DepositState> => ({
  phase: report.state,
  ...WORDS[report.state],
  have: report.agreeing.length,
  need: report.state === 'awaiting-deposit' || report.state === 'closed' ? 0 : quorum,
});
