import type { FailureTable } from '../../domain/errors/failure.ts';

export const activitiesPlaybookFailures = {
  'input.capability-argument': {
    meaning: 'An action or process was given arguments that it cannot work with on this installation.',
    remedy: 'The message names the argument; change the inputs of the run or the playbook.',
  },
  'bug.capability-results': {
    meaning: 'An action or probe gave results of another shape than it is listed with.',
    remedy: 'Report it with the name of the action; whatever reads the results was not executed.',
  },
  'policy.roster-small': {
    meaning: 'Without the validators that a playbook leaves out there are too few for another key.',
    remedy: 'Add validators to the network file, or leave out fewer. A key takes one participant more than must sign.',
  },
  'not-yet.key-active': {
    meaning: 'Too few validators answer that a key is active, so that nobody can say which one a rotation would leave.',
    remedy:
      'Wait for validators to come back; `firebreak status` names them. Without any key, `firebreak key generate` makes the first.',
  },
  'unavailable.action-silent': {
    meaning: 'One attempt of an action was silent for longer than the playbook allows and was stopped.',
    remedy: 'Nothing: it is tried again as often as the playbook says.',
  },
  'unavailable.channel': {
    meaning: 'A channel did not confirm a message in time.',
    remedy: 'Look at the channel, and tell people in another way meanwhile.',
  },
  'policy.freeze-duration': {
    meaning: 'A signed freeze would last longer than the playbook asks for.',
    remedy: 'Let the committee sign one that ends earlier, or start the playbook with a longer freeze.',
  },
  'unavailable.roster': {
    meaning: 'The list of paused validators cannot be read or changed now.',
    remedy:
      'Nothing: pausing is tried again, and payouts go on without it. It is the run `roster/<network>` in Temporal.',
  },
  'unavailable.engine': {
    meaning: 'The workflow engine did not say in time what became of a run.',
    remedy: 'Nothing: it is asked again when the next word of the incident is due, or when somebody closes it.',
  },
  'unavailable.sightings': {
    meaning: 'Too few validators have said what they have seen of an identity.',
    remedy: 'Nothing: they are asked again. `firebreak status` names who does not answer.',
  },
  'unavailable.order-obeyed': {
    meaning: 'Too few validators have answered that they obey an order.',
    remedy: 'Nothing: they are asked again. `firebreak status` names who does not answer.',
  },
} as const satisfies FailureTable;
