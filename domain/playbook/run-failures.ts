import type { FailureTable } from '../errors/failure.ts';

/** Why a run of a playbook does not start, does not go on, or does not take what somebody sends it. */
export const playbookRunFailures = {
  'input.plan-digest': {
    meaning: 'The bytes of a plan are not those that its digest names, or no plan that this build can execute.',
    remedy: 'Start the run again from the playbook; if it happens again, the document store is damaged.',
  },
  'policy.endorsement-missing': {
    meaning: 'Outside development a playbook runs only when the committee has signed its plan.',
    remedy: 'Have members sign it with `firebreak playbook sign`; a playbook takes the change quorum.',
  },
  'policy.step-unapproved': {
    meaning: 'Something that cannot be undone was to be done without an approval of the committee.',
    remedy: 'Nothing was done. The playbook was changed after it was checked, or its engine is at fault: report it.',
  },
  'policy.approval-rejected': {
    meaning: 'So many seats said no that the quorum cannot be reached any more.',
    remedy: 'Read the comments; another proposal is another run.',
  },
  'policy.approval-pushed-back': {
    meaning: 'Members want another proposal, and without them the quorum cannot be reached.',
    remedy: 'Read their comments, change the playbook or its inputs, and start another run.',
  },
  'policy.approval-lapsed': {
    meaning: 'The time to vote ended without a quorum. Silence is never a yes.',
    remedy: 'Find out why members did not answer, then start another run.',
  },
  'conflict.vote-closed': {
    meaning: 'No approval of this step is open in the run: it has not been reached, was decided, or was asked anew.',
    remedy: 'Fetch the request that is open now with `firebreak vote fetch`.',
  },
  'conflict.task-closed': {
    meaning: 'No form of this step is open in the run.',
    remedy: 'Look with `firebreak incident show` what is asked now.',
  },
  'input.task-answer': {
    meaning: 'An answer does not fit the form: a field is missing, unknown, or has a value that is not allowed.',
    remedy: 'The message names the field; answer again.',
  },
  'input.orders-full': {
    meaning: 'More orders were handed to a run than any run needs.',
    remedy: 'Hand orders to a validator directly with `firebreak order send`.',
  },
  'unavailable.step-timeout': {
    meaning: 'A step did not come to an end in its time.',
    remedy: 'Look at the step on the page of the run: what it waited for stands there.',
  },
  'unavailable.probe-expectation': {
    meaning: 'A probe saw something else than the playbook expects, as often as it was allowed to look.',
    remedy: 'The message names the step and what was seen; mend the world or the expectation.',
  },
  'unavailable.repeat-exhausted': {
    meaning: 'A loop came to its last round and its condition does not hold.',
    remedy: 'Look at what the loop waits for; a longer wait is another playbook.',
  },
  'input.loop-items': {
    meaning: 'A loop was given more items than the playbook allows, or something that is no list.',
    remedy: 'Raise `atMost`, or look why there are so many.',
  },
  'unavailable.branches': {
    meaning: 'Too few branches of a parallel step succeeded.',
    remedy: 'The message carries the first failure; the page names the branches.',
  },
  'unavailable.confirmations': {
    meaning:
      'Fewer independent channels than wanted confirmed that they delivered a message; channels of one route count once.',
    remedy: 'Look at the named channels, and tell people in another way meanwhile.',
  },
  'conflict.process-running': {
    meaning: 'The process that a step wants to run is running already, started by somebody else.',
    remedy: 'Look at it with `firebreak ceremony list`; when it has ended, start the playbook again.',
  },
  'unknown-outcome.process': {
    meaning: 'A process of a step did not end in the time of the step; it goes on by itself.',
    remedy: 'Look at it with `firebreak ceremony list` before anything is repeated.',
  },
  'policy.run-stopped': {
    meaning: 'Somebody stopped the run, or its execution was cancelled.',
    remedy:
      'While it is halted, `firebreak incident resume|undo|close` decide what becomes of it; when it is over, `firebreak incident close` ends its incident.',
  },
  'policy.guard-breach': {
    meaning: 'A guard saw that what must hold during the run does not hold any more.',
    remedy: 'The message names the guard and what it saw.',
  },
  'conflict.run-phase': {
    meaning: 'The run is not in a state in which this can be asked of it.',
    remedy: 'Look with `firebreak incident show` where it stands.',
  },
} as const satisfies FailureTable;
