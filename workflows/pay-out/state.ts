import { SETTLING_WORDS } from '../lib/settling-words.ts';
import type { Change } from '../lib/track.ts';
import type { PayOutPhase } from './messages.ts';

type Words = Pick<Change<PayOutPhase>, 'awaitingRole' | 'next' | 'meanwhile' | 'percent'>;

const WORDS: Readonly<Record<PayOutPhase, Words>> = {
  planning: {
    percent: 0,
    awaitingRole: 'chain',
    next: 'the deposits named by the request must be deep enough in the chain',
    meanwhile: 'nothing is signed; the plan is tried again until the request expires',
  },
  'collecting-commitments': {
    percent: 15,
    awaitingRole: 'validators',
    next: 'the first ready validators commit and become the signers',
    meanwhile: 'nothing is signed yet',
  },
  'collecting-partials': {
    percent: 30,
    awaitingRole: 'validators',
    next: 'every signer judges the request by its own policy and signs its part',
    meanwhile: 'a silent signer is replaced in a new session with fresh nonces',
  },
  'awaiting-room': {
    percent: 30,
    awaitingRole: 'validators',
    next: 'enough validators must have room again under the outflow caps of their operators',
    meanwhile: 'nothing more is signed; the payout asks again by itself while its request is valid',
  },
  ...SETTLING_WORDS,
  'waiting-for-estimate': {
    percent: 70,
    awaitingRole: 'validators',
    next: 'too few validators can say what a payout costs now; their Bitcoin nodes must see more transactions',
    meanwhile: 'the transaction is handed in again, and may still confirm',
  },
  'waiting-for-fee': {
    percent: 70,
    awaitingRole: 'release-key-holder',
    next: 'the release key must sign a higher fee for these outputs',
    meanwhile: 'the transaction is handed in again, and may still confirm',
  },
  settled: { percent: 100, awaitingRole: 'nobody', next: 'nobody', meanwhile: 'the payout is final' },
  refused: { percent: 100, awaitingRole: 'operator', next: 'an operator must look', meanwhile: 'the process is over' },
};

export const entering = (phase: PayOutPhase, need = 0): Change<PayOutPhase> => ({ phase, ...WORDS[phase], need });

/** Between two looks at a chain that is not ready: at first often, later seldom. */
export const planPauseMs = (round: number): number => Math.min(2_000 * 1.5 ** round, 300_000);
