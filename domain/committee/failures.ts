import type { FailureTable } from '../errors/failure.ts';
import type { EpochRefusal } from './epoch.ts';
import type { GrantRefusal } from './grant.ts';
import type { GrantUseRefusal } from './grant-use.ts';
import type { OrderRefusal } from './order.ts';
import type { RenewalRefusal } from './renewals.ts';

/** Why an order of the committee is not obeyed. */
export const domainOrderFailures: FailureTable<OrderRefusal | RenewalRefusal> = {
  'policy.order-environment': {
    meaning: 'The order is for another environment or network.',
    remedy: 'Sign an order for this one.',
  },
  'policy.order-quorum': {
    meaning: 'Too few members of the committee signed the order.',
    remedy:
      'Collect more signatures: lifting needs more than freezing. Where the file carries some that count for nothing, it may have been changed after they were made: hold it against what its author has before anybody signs it.',
  },
  'policy.order-epoch': {
    meaning: 'The order names another committee epoch than the present one; a former committee is not newly obeyed.',
    remedy:
      'Let the present committee sign it. Where epochs are missing, hand them over (`firebreak committee hand`) or name them (--chain).',
  },
  'policy.order-expired': {
    meaning: 'The order has expired.',
    remedy: 'Sign a new one with a later expiry and a higher number.',
  },
  'policy.order-term': {
    meaning: 'The order would hold for more than 90 days.',
    remedy: 'Sign one that ends earlier; a freeze can be signed again before it ends.',
  },
  'policy.order-renewals': {
    meaning:
      'A freeze without the change quorum has been renewed three times in a row, and this would be the fourth: it came while payouts are frozen by such freezes or within a day of the end of the last one.',
    remedy:
      'Let members of the change quorum sign this file too (`order sign`) and send it again: what they sign is not capped, and the count starts anew. Or lift.',
  },
  'policy.order-number': {
    meaning: 'The number of the order is above the present Unix time, which would use up the numbers of later ones.',
    remedy: 'Sign it with the number after the present one: `order make` finds it.',
  },
  'policy.order-scope': {
    meaning: 'The order is about something that this build does not know.',
    remedy: 'Upgrade the validator.',
  },
  'conflict.order-number': {
    meaning: 'The validator stands at this or a later number already.',
    remedy: 'Look at the present order (`order show`) and sign the next one with a higher number.',
  },
};

/** Why a committee does not follow another. */
export const domainEpochFailures: FailureTable<EpochRefusal> = {
  'policy.committee-rules': {
    meaning: 'A proposed committee could not act, could be split, or makes releasing cheaper than braking.',
    remedy:
      'Change the draft as the message says: a change takes more than half of the seats, and freeze ≤ lift ≤ change.',
  },
  'policy.epoch-environment': {
    meaning: 'A committee epoch is for another environment or network.',
    remedy: 'Compare the network file of the signers with the pinned one.',
  },
  'policy.epoch-number': {
    meaning: 'A committee epoch is not the next one: one is missing, repeated or out of order.',
    remedy: 'Give every epoch since the pinned committee, oldest first.',
  },
  'policy.epoch-previous': {
    meaning: 'A committee epoch follows another committee than the one it is presented after.',
    remedy: 'Two proposals were signed for one place; find out who signed which before trusting either.',
  },
  'policy.epoch-quorum': {
    meaning: 'Too few seats of the committee before agreed to be followed by this one.',
    remedy: 'Collect more signatures of the present committee with `firebreak committee sign`.',
  },
  'policy.epoch-unproven': {
    meaning: 'Too few seats of the new committee have shown by a signature that they hold their keys.',
    remedy: 'Let the new members sign the proposal too: a committee that cannot speak could never be changed again.',
  },
  'policy.epoch-signature': {
    meaning: 'A signature under a committee epoch does not fit it.',
    remedy: 'Take it out, and ask that member to sign the file that the others signed.',
  },
  'policy.epoch-stranger': {
    meaning: 'A signature under a committee epoch is of a key with a seat in neither committee.',
    remedy: 'Take it out; only the committee before and the new one sign.',
  },
  'conflict.epoch-repeated': {
    meaning: 'One key has signed a committee epoch twice.',
    remedy: 'Take one of the two out.',
  },
  'input.epoch-chain': {
    meaning: 'A chain of committee epochs is longer than any honest one.',
    remedy: 'Ask somebody else for the chain, or pin a later committee by hand.',
  },
};

/** Why a grant, or a use of it, freezes nothing. */
export const domainGrantFailures: FailureTable<GrantRefusal | GrantUseRefusal> = {
  'policy.grant-environment': {
    meaning: 'A grant is for another environment or network.',
    remedy: 'Sign a grant for this one.',
  },
  'policy.grant-epoch': {
    meaning: 'A grant was signed by another committee than the present one; grants end with their committee.',
    remedy: 'Let the present committee sign its own.',
  },
  'policy.grant-scope': {
    meaning: 'A grant is about something else than freezing payouts.',
    remedy: 'Ask the committee to vote on the action; only brakes can be granted beforehand.',
  },
  'policy.grant-limits': {
    meaning: 'A grant allows more uses, longer freezes or a longer time than any grant may.',
    remedy: 'Sign one within the limits that the message names.',
  },
  'policy.grant-holders': {
    meaning: 'A break-glass authorisation names holders without a seat, one seat twice, or more needed than named.',
    remedy: 'Name members of the present committee, each once.',
  },
  'policy.grant-window': {
    meaning: 'A grant is not valid yet or not any more.',
    remedy: 'Use one that is in force, or ask the committee for an order.',
  },
  'policy.grant-quorum': {
    meaning: 'Too few seats of the committee signed the grant.',
    remedy: 'Collect more signatures: a standing order needs those of a freeze, break-glass those of a change.',
  },
  'policy.grant-other': {
    meaning: 'A use names another grant than the one it came with.',
    remedy: 'Send the grant that the use names.',
  },
  'policy.grant-playbook': {
    meaning: 'A use comes from another playbook than the grant names.',
    remedy: 'A changed playbook needs a new standing order; meanwhile three members can sign a freeze.',
  },
  'policy.grant-duration': {
    meaning: 'A use freezes for longer than the grant allows, begins in the future, or is over already.',
    remedy: 'Use it anew within the limits; for a longer freeze ask the committee for an order.',
  },
  'policy.grant-holder': {
    meaning: 'Too few holders of a break-glass authorisation signed its use.',
    remedy: 'Let the holders that the authorisation names sign.',
  },
  'policy.grant-uses': {
    meaning: 'A grant has been used as often as it allows.',
    remedy: 'Ask the committee for an order or for another grant.',
  },
  'conflict.grant-repeated': {
    meaning: 'A step of a run has used the grant already, with other words.',
    remedy: 'Look at the first use; a second freeze by the same step needs an order.',
  },
  'conflict.grant-passed': {
    meaning: 'The committee has signed a later order since this use was made.',
    remedy: 'Nothing: the later order counts. If the freeze is still wanted, ask for an order.',
  },
  'not-yet.grant-order': {
    meaning: 'A use follows an order that this validator has not heard of yet.',
    remedy: 'Send the order too, or wait until the validator has caught up.',
  },
};
