import type { FailureTable } from '../../domain/errors/failure.ts';

/** Why the agent says no to a request, whoever carried it. Codes of single rules of signing are in `domain/vault/payout-failures.ts`. */
export const custodyAgentFailures = {
  'input.request-malformed': {
    meaning: 'The bytes are not a request of this wire version, or a field of it has no acceptable form.',
    remedy: 'The message names the field. Compare the versions of coordinator and validator.',
  },
  'input.request-oversized': {
    meaning: 'The request is larger than any honest one.',
    remedy: 'Nothing for the operator; the sender is at fault.',
  },
  'input.request-version': {
    meaning: 'The request speaks another wire version.',
    remedy: 'Upgrade the older side (docs/operations/backup-and-upgrade.md).',
  },
  'policy.request-environment': {
    meaning: 'The request is for another environment or network than the one this validator pinned.',
    remedy: 'Point the coordinator at the right network; never reuse a genesis between environments.',
  },
  'policy.peer-unlisted': {
    meaning:
      'The asking host identity is neither a coordinator nor a validator of the pinned genesis, or a validator asked what only coordinators ask.',
    remedy: 'Add it to the genesis by hand on every validator, or find out who it is.',
  },
  'policy.vaults-full': {
    meaning: 'The validator holds as many vaults as it may.',
    remedy: 'Find out who opens so many. Held vaults are paid out as before; new ones need another network.',
  },
  'conflict.audit-head-older': {
    meaning: 'More records of this incident are signed here already: somebody would have the later ones forgotten.',
    remedy: 'Compare the exported evidence with an earlier export; find out which worker or engine was set back.',
  },
  'conflict.audit-head-fork': {
    meaning: 'Other records than these were signed here as the beginning of the evidence of the same incident.',
    remedy: 'Two histories of one incident exist. Export both, keep both, and find out who wrote the second.',
  },
  'policy.audit-heads-full': {
    meaning: 'This validator keeps the signed heads of as many incidents as it may. It forgets none to make room.',
    remedy: 'Find out who opens so many. Other validators may still sign; custody is not affected.',
  },
  'policy.audit-heads-quota': {
    meaning:
      'One coordinator brought as many new incidents within 24 hours as one may. Incidents whose head was signed before go on.',
    remedy: 'Find out what opens so many. The head is signed when it is asked for again a day later.',
  },
  'not-yet.agent-state': {
    meaning: 'The validator is not in a state that allows this request.',
    remedy: 'Its status says the state and the reasons; it comes back by itself unless it is halted.',
  },
  'unavailable.agent-busy': {
    meaning: 'Too many ceremonies wait in line at this validator.',
    remedy: 'Ask again in a moment.',
  },
  'bug.agent': {
    meaning: 'The validator met an error that nobody gave a name while answering; it signed nothing.',
    remedy: 'Report it with the log of that validator.',
  },
  'bug.agent-identity': {
    meaning: 'The host identity of this process is not the one in the pinned roster.',
    remedy: 'Check validator id, identity file and genesis of this data folder.',
  },
  'policy.keygen-parameters': {
    meaning: 'The parameters of a key generation differ from the pinned genesis.',
    remedy: 'The message names the field; all validators must pin the same genesis.',
  },
  'policy.key-participants': {
    meaning:
      'A key was to be made by others than may make it: without votes exactly the validators that are no spares, with votes only those that the votes name, and enough of them.',
    remedy: 'The message says who is too many or missing. A smaller or other circle takes votes of the committee.',
  },
  'policy.keygen-proof': {
    meaning: 'A key generation names the run that asked for it and brings no votes, or brings votes and names no run.',
    remedy: 'Start the key from the approved step of the run; a key that nobody asked for in a run needs no votes.',
  },
  'policy.key-share': {
    meaning: 'This validator holds the certificate of the key and no share of it: it is none of its participants.',
    remedy: 'Nothing: ask the participants of the key. The certificate names them.',
  },
  'policy.keygen-epoch': {
    meaning: 'The epoch of a key generation is far above the highest one that has a key here.',
    remedy:
      'Generate the key with the next free epoch; a validator that misses the keys of many epochs is caught up first.',
  },
  'conflict.keygen-epoch': {
    meaning: 'A key of this or a later epoch is in use already.',
    remedy: 'Generate the next key with a higher epoch.',
  },
  'policy.round-statements': {
    meaning: 'The statements of a round are not one per validator, or changed what this validator said.',
    remedy: 'Collect each validator’s own envelope once; the message names whose is missing or there twice.',
  },
  'signer-fault.keygen-message': {
    meaning: 'A message of the named validator has not the form of its round: wrong lengths, or shares missing.',
    remedy: 'Start a new key generation; keep the signed envelope as evidence and look at that validator.',
  },
  'conflict.keygen-round': {
    meaning: 'This round of the key generation was already answered for other messages.',
    remedy: 'Start a new key generation: this one was shown in two versions.',
  },
  'conflict.keygen-view': {
    meaning: 'A validator made its shares for other commitments than this one was shown.',
    remedy: 'Start a new key generation: somebody showed this one in two versions. Nothing of it was kept.',
  },
  'not-yet.keyset-unknown': {
    meaning: 'This validator holds no share of the keyset.',
    remedy: 'Finish the key generation first; if it took part, look at its journal.',
  },
  'policy.certificate-package': {
    meaning: 'The certificate is about another package than the one this validator made and signed.',
    remedy: 'Treat it as an incident: somebody shows different keys to different validators.',
  },
  'policy.keyset-state': {
    meaning: 'The state of the keyset does not allow this use.',
    remedy:
      'Addresses come from active keys, signatures from active and draining ones, self-tests from certified ones.',
  },
  'policy.self-test': {
    meaning:
      'A self-test request, its partial signatures or its signature do not hold, or not all validators took part.',
    remedy: 'Start another self-test session; the message says what is missing.',
  },
  'conflict.ceremony-commitments': {
    meaning: 'Commitments for this ceremony were given for another key or another number of inputs.',
    remedy: 'Use a new ceremony id per session.',
  },
  'not-yet.terms-unknown': {
    meaning: 'This validator does not hold the terms of the vault under this keyset.',
    remedy: 'Hand it the signed terms (`vault open` does it, also later).',
  },
  'not-yet.identity-twice': {
    meaning:
      'Another process signs statements with the host identity of this validator. It cannot know which of the two is the thief, so it adds to no key and no signature.',
    remedy:
      'Stop the process that should not run (ops/runbooks/identity-seen-twice.md); a minute after its last word this one takes part again.',
  },
  'not-yet.chain-syncing': {
    meaning: 'The own chain view of the validator has not reached the tip, or is in trouble.',
    remedy: 'Wait for the node; `doctor` and the status name its trouble.',
  },
  'conflict.order-fork': {
    meaning: 'Two different orders with the same number both carry a quorum of the committee.',
    remedy:
      'An incident of the committee: find out who signed twice (the journal keeps both), then sign an order with a higher number.',
  },
  'conflict.epoch-fork': {
    meaning: 'Two different committees of one epoch both carry the quorums that make them the next one.',
    remedy:
      'An incident of the committee: validators obey the one that each heard first, and their journals keep both. Agree outside of this system which one is right, and pin it.',
  },
  'input.grant-size': {
    meaning: 'A grant and its use are larger than what one announcement carries.',
    remedy: 'Leave out signatures that the quorum does not need.',
  },
} as const satisfies FailureTable;
