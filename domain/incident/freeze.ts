const NOTICE_MS_MAX = 30 * 60_000;

/**
 * When people are told that a freeze is about to lapse: half an hour before, or when three quarters of a short one are over.
 * All in Unix milliseconds; `heardAtMs` is when the incident learnt of the freeze.
 */
export const freezeNoticeMs = (untilMs: number, heardAtMs: number): number =>
  untilMs - Math.min(NOTICE_MS_MAX, Math.max(0, (untilMs - heardAtMs) / 4));
