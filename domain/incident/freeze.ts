import { type Committee, quorumOf } from '../committee/committee.ts';
import { FREEZE_RENEWALS_MAX } from '../committee/renewals.ts';

const NOTICE_MS_MAX = 30 * 60_000;

/**
 * When people are told that a freeze is about to lapse: half an hour before, or when three quarters of a short one are over.
 * All in Unix milliseconds; `heardAtMs` is when the incident learnt of the freeze.
 */
export const freezeNoticeMs = (untilMs: number, heardAtMs: number): number =>
  untilMs - Math.min(NOTICE_MS_MAX, Math.max(0, (untilMs - heardAtMs) / 4));

/**
 * What people are told then. How often it was renewed is in the journals of validators, and whoever asks them may be deceived: the words tell the
 * rule instead, so that nobody learns it from a refusal. `committee`: undefined while nobody has said who it is.
 */
export function wordedLapse(untilMs: number, committee: Committee | undefined): string {
  const [few, many] =
    committee === undefined
      ? ['the freeze quorum', 'the change quorum']
      : [`${committee.quorum.freeze} members`, `${quorumOf(committee, 'change')}`];
  return `the freeze lapses at ${new Date(untilMs).toISOString()}, and the incident is open: renew it (${few} ${FREEZE_RENEWALS_MAX} times in a row, then ${many}) or let it end`;
}
