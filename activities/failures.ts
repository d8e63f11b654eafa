import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type FailureFamily, type FailureTable, FirebreakFailure } from '../domain/errors/failure.ts';

export const activitiesFailures = {
  'bug.activity': {
    meaning: 'An activity met an error that nobody gave a name; it is tried again every ten seconds.',
    remedy: 'The worker log has the error with its stack. Deploy a mended worker: the process carries on by itself.',
  },
  'input.other-network': {
    meaning: 'A process was started for a network that this coordinator does not serve.',
    remedy: 'Use the network name of the pinned genesis, or the coordinator of the other network.',
  },
  'input.key-reference': {
    meaning: 'A key reference and the certificate that it points to are about different keys.',
    remedy: 'Take the reference from the result of the key generation (`key show`).',
  },
  'policy.certificate': {
    meaning: 'A certificate does not carry a valid signature of every validator in the pinned genesis.',
    remedy:
      'Nothing uses such a key. Check that coordinator and validators pin the same genesis; generate another key.',
  },
  'signer-fault.objection': {
    meaning:
      'A validator signed a complaint in the place of the answer: a share that it was sent is not the one that was committed to.',
    remedy: 'The process judges it and names who is at fault; `firebreak blame show` shows the proof.',
  },
  'signer-fault.keygen-package': {
    meaning: 'Validators signed different public packages in one key generation.',
    remedy: 'The named validators disagree with the majority: inspect their logs before the next attempt.',
  },
  'signer-fault.vault-script': {
    meaning: 'A validator derived another script for the vault than this worker did.',
    remedy: 'Do not use the vault. Compare the versions and the pinned genesis of the named validator with the others.',
  },
  'conflict.certificate': {
    meaning: 'A validator holds, or activated, another certificate for this keyset.',
    remedy: 'An incident: somebody shows different keys to different validators. Use neither.',
  },
  'conflict.partial': {
    meaning: 'A validator answered with partial signatures for another request.',
    remedy: 'The session goes on without it; compare its version with the others.',
  },
  'input.commitments': {
    meaning: 'A validator gave another number of nonce commitments than was asked for.',
    remedy: 'It is left out; compare its version with the others.',
  },
  'input.response': {
    meaning: 'A validator answered with bytes, a payload or a code that no honest one sends.',
    remedy: 'It is left out; look at its log and version.',
  },
  'unavailable.silent': {
    meaning: 'A validator has not answered.',
    remedy: 'Start it or wait for it; `status` shows whether it can be reached.',
  },
  'unavailable.validators': {
    meaning: 'Too few validators answered before the deadline.',
    remedy: 'Start the named validators or wait for them, then start the process again.',
  },
  'policy.vault-unknown': {
    meaning: 'The terms of this vault are not in the registry.',
    remedy: 'Open the vault first (`vault open`).',
  },
  'policy.release-request': {
    meaning: 'The release request is not valid for the terms of its vault.',
    remedy: 'The message says what differs; have the holder of the release key sign a correct request.',
  },
  'policy.fee-over-cap': {
    meaning: 'Even the smallest fee that nodes relay is above what the terms allow.',
    remedy: 'The owner must agree to other terms, or the deposits are combined in one request.',
  },
  'policy.payout-dust': {
    meaning: 'After the fee, the payout would be below what nodes relay.',
    remedy: 'Release more deposits in one request.',
  },
  'conflict.deposit-spent': {
    meaning: 'A deposit of the request was spent by a transaction that does not pay the recorded script.',
    remedy: 'Read the transaction that the message names: an owner may have taken the refund path.',
  },
  'not-yet.deposit': {
    meaning: 'A deposit of the request is not in the canonical chain.',
    remedy: 'Wait for it; if a reorg removed it for good, the release request can never be used.',
  },
  'unavailable.overtaken': {
    meaning: 'A newer attempt of the same activity runs; this one stopped asking.',
    remedy: 'Nothing: the newer attempt finishes the work.',
  },
  'not-yet.chain-syncing': {
    meaning: 'The chain view of the worker has not walked to the tip.',
    remedy: 'Wait; `doctor` shows why the node is behind.',
  },
} as const satisfies FailureTable;

export type ActivityFailureCode = keyof typeof activitiesFailures;

/** Bugs are tried again slowly: a mended worker finishes what a broken one could not. */
const RETRY_DELAY: Readonly<Partial<Record<FailureFamily, '1 second' | '10 seconds'>>> = {
  bug: '10 seconds',
  unavailable: '1 second',
  'unknown-outcome': '1 second',
  'not-yet': '1 second',
};

/**
 * What Temporal stores of an error: code as type, a sentence, public details. No stack, no cause, no unnamed message:
 * those stay in the worker's own log. Cancellation and failures that are already Temporal's pass through.
 */
export function toTemporalFailure(error: unknown, activity: string): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  const named = error instanceof FirebreakFailure ? error : unnamed(error, activity);
  const delay = RETRY_DELAY[named.family];
  const failure = ApplicationFailure.create({
    message: named.message.slice(0, 1_000),
    type: named.code,
    details: [named.details],
    nonRetryable: delay === undefined,
    ...(delay === undefined ? {} : { nextRetryDelay: delay }),
  });
  failure.stack = '';
  return failure;
}

const unnamed = (error: unknown, activity: string): FirebreakFailure =>
  new FirebreakFailure('bug.activity', `${activity} met an unexpected ${kindOf(error)}`, { activity });

const CLASS_NAME = /^[A-Za-z]{1,60}$/;

/** The name of its class, if it is one: whoever throws can put anything there, and a getter can throw. */
function kindOf(error: unknown): string {
  try {
    if (error instanceof Error && CLASS_NAME.test(error.name)) return error.name;
  } catch {
    return 'object';
  }
  return typeof error;
}
