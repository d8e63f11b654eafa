import type { FailureTable } from '../domain/errors/failure.ts';

/** Codes that a process itself comes to, after its effects said what they could. */
export const workflowsFailures = {
  'bug.self-test': {
    meaning: 'Every validator took part in a self-test and still there is no request or no signature of it.',
    remedy: 'Report it with the history of the run.',
  },
  'bug.session': {
    meaning: 'Enough validators committed to a signing session and still there is no request for it.',
    remedy: 'Report it with the history of the run.',
  },
  'input.attempts': {
    meaning: 'A key generation was started with no attempt allowed.',
    remedy: 'Start it with `attemptsMax` of at least 1.',
  },
  'unavailable.payout-plan': {
    meaning: 'Deposits were not deep enough for as long as the release request was valid, or for three hours.',
    remedy:
      'The message says what was missing and whether the request is still valid. When it is there, start the same request again, or have the release key holder sign a new one.',
  },
  'unknown-outcome.settlement': {
    meaning: 'A signed payout or sweep did not settle within the bounds of one run.',
    remedy: 'Look at the deposits in the chain, then start the same again: the new run finds out what happened.',
  },
  'conflict.vaults-left': {
    meaning: 'A sweep moved some vaults and others not; their coins stay under the old key.',
    remedy:
      'The page of the sweep names the first ones and why; `firebreak ceremony show` of each says more. Mend that, then resume the run at the step that sweeps.',
  },
  'conflict.update-repeated': {
    meaning: 'A run or an incident was told the same twice in one moment; the first copy is being taken in.',
    remedy: 'Look whether the first one counts (`firebreak incident show`), and say it again only if it does not.',
  },
  'not-yet.sweep': {
    meaning: 'Coins of a vault lie under the old key and cannot be swept yet; the message says what they wait for.',
    remedy: 'Nothing: a later pass looks again. Once the sweep has ended without them, start it again on new votes.',
  },
} as const satisfies FailureTable;
