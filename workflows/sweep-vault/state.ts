import type { Refusal } from '../../domain/errors/failure.ts';
import { SETTLING_WORDS } from '../lib/settling-words.ts';
import type { Change } from '../lib/track.ts';
import type { SweepVaultPhase } from './messages.ts';

type Words = Pick<Change<SweepVaultPhase>, 'awaitingRole' | 'next' | 'meanwhile' | 'percent'>;

const WORDS: Readonly<Record<SweepVaultPhase, Words>> = {
  planning: {
    percent: 0,
    awaitingRole: 'nobody',
    next: 'nobody; the sweep is planned',
    meanwhile: 'nothing is signed',
  },
  'collecting-commitments': {
    percent: 15,
    awaitingRole: 'validators',
    next: 'the first ready validators of the old key commit and become the signers',
    meanwhile: 'nothing is signed yet',
  },
  'collecting-partials': {
    percent: 30,
    awaitingRole: 'validators',
    next: 'every signer judges votes, successor and transaction itself and signs its part',
    meanwhile: 'a silent signer is replaced in a new session with fresh nonces',
  },
  reopening: {
    percent: 50,
    awaitingRole: 'validators',
    next: 'validators of the new key must hold the terms and watch the new address',
    meanwhile: 'the signed transaction waits, so that nobody misses the coins',
  },
  ...SETTLING_WORDS,
  swept: {
    percent: 100,
    awaitingRole: 'nobody',
    next: 'nobody',
    meanwhile: 'the coins lie under the new key',
  },
  empty: { percent: 100, awaitingRole: 'nobody', next: 'nobody', meanwhile: 'nothing lies under the old key' },
  waiting: {
    percent: 100,
    awaitingRole: 'nobody',
    next: 'nobody; a later pass looks at this vault again',
    meanwhile: 'the coins stay under the old key',
  },
  refused: {
    percent: 100,
    awaitingRole: 'operator',
    next: 'an operator must look',
    meanwhile: 'the coins stay under the old key',
  },
};

export const entering = (phase: SweepVaultPhase, need = 0): Change<SweepVaultPhase> => ({
  phase,
  ...WORDS[phase],
  need,
});

/** Plans of one vault: the estimate, and three changes of it. */
export const PLANS_MAX = 4;

/**
 * What to try instead after a no that another fee can get around: more than an earlier transaction of the same coins, or than the
 * smallest that validators accept; less than the most that they accept. Undefined when no fee would help.
 */
export function otherFee(times: number, { code }: Pick<Refusal, 'code'>): number | undefined {
  if (code === 'conflict.outpoint-locked' || code === 'policy.payout-fee-floor') return times * 2;
  return code === 'policy.payout-fee-cap' ? times / 2 : undefined;
}
