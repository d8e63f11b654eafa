import type { FailureTable } from '../errors/failure.ts';
import type { CommandRefusal } from './command.ts';

type IncidentRefusal =
  | CommandRefusal
  | 'policy.command-unsigned'
  | 'policy.severity-down'
  | 'conflict.severity'
  | 'conflict.incident-phase'
  | 'input.incident-message'
  | 'input.incident-full'
  | 'not-yet.incident-committee'
  | 'not-yet.committee-look'
  | 'input.resume-step'
  | 'policy.resume-unapproved'
  | 'conflict.resume-undone';

/** Why an incident, or a run of its playbook, does not take what somebody tells it. */
export const domainIncidentFailures: FailureTable<IncidentRefusal> = {
  'policy.command-environment': {
    meaning: 'A signed command is for another environment or network.',
    remedy: 'Sign one for this network; the pinned network file says which it is.',
  },
  'policy.command-execution': {
    meaning: 'A signed command is for another incident or run, or for an earlier execution of this one.',
    remedy: 'Look with `firebreak incident show` which run it is now, and sign again.',
  },
  'policy.command-expired': {
    meaning: 'The time in which a signed command counts is over.',
    remedy: 'Look again, and sign again if it is still right.',
  },
  'policy.command-lifetime': {
    meaning: 'A signed command would count for longer than any may.',
    remedy: 'Sign it with an expiry within an hour, and set the clock of the machine that signs.',
  },
  'policy.command-stranger': {
    meaning: 'A command is signed with a key that never had a seat in the committee.',
    remedy: 'Compare the key with `firebreak committee show`.',
  },
  'policy.command-revoked': {
    meaning: 'A command is signed with a key that had a seat in an earlier committee and has none now.',
    remedy: 'A present member signs.',
  },
  'policy.command-signature': {
    meaning: 'The signature under a command does not fit it: it was changed, or signed with another key.',
    remedy: 'Sign it again; if it was changed on its way, find out by whom.',
  },
  'input.command-number': {
    meaning: 'The number of a command is none, or far ahead of the clock.',
    remedy: 'Set the clock of the machine that signs, and sign again.',
  },
  'conflict.command-number': {
    meaning: 'A command was obeyed before, or a newer one was.',
    remedy: 'Look with `firebreak incident show` what became of it; sign a new one if it is still needed.',
  },
  'policy.command-unsigned': {
    meaning: 'What takes a response back, or makes it weaker, was asked for without a signature.',
    remedy: 'A member of the committee does it with `firebreak incident undo|resume|severity … --key`.',
  },
  'policy.severity-down': {
    meaning: 'A severity was to be lowered without a signature. Raising it needs none.',
    remedy: 'A member of the committee does it with `firebreak incident severity … --key`.',
  },
  'conflict.severity': {
    meaning: 'The incident has this severity already, or a command that lowers it would raise it.',
    remedy: 'Look with `firebreak incident show`.',
  },
  'conflict.incident-phase': {
    meaning: 'The incident is not in a state in which this can be asked of it.',
    remedy: 'Look with `firebreak incident show` where it stands.',
  },
  'input.incident-message': {
    meaning: 'A message to an incident lacks who says it or what is said, or is too long.',
    remedy: 'Say who and what; longer text goes into a file that is attached.',
  },
  'input.incident-full': {
    meaning: 'An incident has taken as many notes as it keeps.',
    remedy: 'Write the rest elsewhere and attach it; or close the incident and open its successor.',
  },
  'not-yet.incident-committee': {
    meaning: 'A signed command came before a worker had said who the committee is.',
    remedy: 'Send it again in a moment; if no worker runs, start one.',
  },
  'not-yet.committee-look': {
    meaning: 'Validators were asked a moment ago which committee they follow, or the incident has much to do.',
    remedy: 'Look with `firebreak status` which committee it is; try again in half a minute.',
  },
  'input.resume-step': {
    meaning:
      'A run was to be resumed from a step that it does not have at its outermost level, or whose effect already stands.',
    remedy: 'Name one of the steps that `firebreak incident show` lists for the halted run.',
  },
  'policy.resume-unapproved': {
    meaning: 'A run was to be resumed behind an approval that covers what comes then and has not been given.',
    remedy:
      'Resume from the approval that the message names: the committee votes, and one signature replaces no votes.',
  },
  'conflict.resume-undone': {
    meaning: 'A run was to be resumed after what it did was taken back.',
    remedy: 'Start the playbook again: `firebreak playbook run`.',
  },
};
