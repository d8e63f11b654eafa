import type { Refusal } from '../../../domain/errors/failure.ts';
import type { LockConflict } from '../journal/journal.ts';

/** Why a payout has to wait, or can never be signed here, in words that say until when. */
export function outflowRefusal(conflict: Extract<LockConflict, { kind: 'outflow' }>): Refusal {
  const { moreSats, signedSats, cap, roomAtMs } = conflict;
  const limit = `${cap.sats} sats in ${cap.windowSeconds} s`;
  const details = { capSats: cap.sats, windowSeconds: cap.windowSeconds };
  if (roomAtMs === Number.POSITIVE_INFINITY)
    return {
      code: 'policy.outflow-size',
      message: `the payout takes ${moreSats} sats, this validator signs at most ${limit}`,
      details,
    };
  const roomAtSeconds = Math.ceil(roomAtMs / 1_000);
  return {
    code: 'policy.outflow-cap',
    message: `${signedSats} sats are signed and the payout takes ${moreSats} more, at most ${limit}; there is room again at ${new Date(roomAtSeconds * 1_000).toISOString()}`,
    details: { ...details, signedSats, roomAtSeconds },
  };
}
