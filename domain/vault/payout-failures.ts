import type { FailureTable } from '../errors/failure.ts';

/** The rules of signing: one code per rule, so that a refused payout says which one it broke. */
export const custodyPolicyFailures = {
  'policy.signing-version': {
    meaning: 'The request was planned under another policy version than this validator runs.',
    remedy: 'Give coordinator and validators the same policy version.',
  },
  'policy.signing-network': {
    meaning: 'The request names another suite, environment or network.',
    remedy: 'Point the coordinator at the right network.',
  },
  'policy.keyset-epoch': {
    meaning: 'The request names another epoch than the keyset has.',
    remedy: 'Use the epoch of the certificate.',
  },
  'policy.signer-set': {
    meaning: 'The signers of the request are too few, not in order, incomplete, or without this validator.',
    remedy: 'Collect commitments of enough validators of the roster and list them ascending.',
  },
  'policy.signing-locks': {
    meaning: 'A signer of the request has not locked the outputs for this transaction, or is of a build that does not.',
    remedy: 'Ask for commitments with the proposal of this payout; upgrade the validator that the message names.',
  },
  'policy.signing-inputs': {
    meaning: 'The inputs of the request are not those of its transaction, in order.',
    remedy: 'A fault of the coordinator: one entry per input, with its index, vault and previous output.',
  },
  'policy.release-outpoints': {
    meaning: 'The transaction spends other outputs than the release request names, or in another order.',
    remedy: 'The holder of the release key decides: sign a request for exactly these outputs.',
  },
  'policy.release-sum': {
    meaning: 'The amount of the release request is not the sum of the outputs in the own chain view.',
    remedy: 'Sign a request with the right sum.',
  },
  'policy.signing-warrant': {
    meaning: 'The request carries a release request and votes for a sweep.',
    remedy: 'A fault of the coordinator: a payout has the one, a sweep the other.',
  },
  'policy.payout-outputs': {
    meaning: 'The payout or sweep has not exactly one output.',
    remedy: 'A payout pays the recorded script, a sweep the vault under the next key, and nothing else.',
  },
  'policy.sweep-script': {
    meaning: 'The sweep goes to another script than the vault has under the successor of its key.',
    remedy: 'Treat it as an incident: somebody tried to redirect a sweep.',
  },
  'policy.sweep-successor': {
    meaning: 'The key that coins would be swept to is not a later one, or takes no coins any more.',
    remedy: 'Sweep to the newest active key; `firebreak key list` shows it.',
  },
  'not-yet.sweep-successor': {
    meaning: 'This validator takes part in the key that coins would be swept to and has not seen it sign yet.',
    remedy: 'Wait until the key generation has ended; if it has, look at the journal of this validator.',
  },
  'policy.payout-script': {
    meaning: 'The payout goes to another script than the terms record.',
    remedy: 'Treat it as an incident: somebody tried to redirect a payout.',
  },
  'policy.payout-dust': {
    meaning: 'The payout or sweep is below what nodes relay.',
    remedy: 'Release more outputs in one request.',
  },
  'policy.payout-fee': {
    meaning: 'The payout has a fee that its release request does not name.',
    remedy: 'A fault of the coordinator: the holder of the release key decides on the fee, nobody else.',
  },
  'policy.payout-fee-cap': {
    meaning: 'The fee is above what the terms or this validator allow.',
    remedy: 'Lower the fee, or wait for cheaper blocks.',
  },
  'policy.payout-fee-floor': {
    meaning: 'The fee is below the rate that nodes relay, or negative.',
    remedy:
      'Ask again with a higher fee: `firebreak payout` with --fee, or without it for what the validators estimate.',
  },
  'policy.payout-form': {
    meaning:
      'The transaction is not byte for byte the one that this validator builds from the same inputs, or those of a sweep are not in order.',
    remedy: 'Version, lock time and sequences are fixed; compare the versions of coordinator and validator.',
  },
  'policy.prevout': {
    meaning: 'Amount or script of a previous output differ from the own chain view, or it is not the vault’s script.',
    remedy: 'If the coordinator’s node disagrees with this one, find out which of them is wrong.',
  },
  'not-yet.deposit': {
    meaning: 'A previous output is not in the chain that this validator holds canonical.',
    remedy: 'Wait; after a reorg the deposit may have to confirm again.',
  },
  'not-yet.confirmations': {
    meaning: 'A previous output is not deep enough in the own chain view.',
    remedy: 'Wait for more blocks.',
  },
  'conflict.deposit-spent': {
    meaning: 'A previous output is spent already in the canonical chain.',
    remedy:
      'Look at the spending transaction: the payout is done, or the owner took the refund. `firebreak ceremony list` shows the payouts.',
  },
  'conflict.anchor-orphaned': {
    meaning: 'The block that the request was planned on is not canonical any more.',
    remedy: 'Plan the payout again on the present tip.',
  },
  'policy.anchor-old': {
    meaning: 'The request was planned too many blocks ago.',
    remedy: 'Plan the payout again on the present tip.',
  },
  'policy.frozen': {
    meaning: 'A freeze order of the committee is in force.',
    remedy:
      'Nothing asks again by itself. `firebreak status` says until when; after that, or after a lift order of the committee, type `firebreak payout` again. `firebreak order show` says who signed an order.',
  },
  'policy.outflow-cap': {
    meaning:
      'With this payout the validator would sign away more than its operator allows in the window (`policy.outflow_cap_sats`, `policy.outflow_window_seconds`). Coins that it signed before do not count again.',
    remedy:
      'The payout asks again when there is room, as long as its request is valid; the message says when. Later than that: sign a request that is valid for longer. A sweep is not stopped.',
  },
  'policy.outflow-size': {
    meaning: 'The payout alone is above what the validator signs away in a whole window; it never fits.',
    remedy:
      'Release fewer outputs in one request. A single output above the cap takes operators who raise `policy.outflow_cap_sats`.',
  },
  'conflict.outpoint-locked': {
    meaning:
      'This validator signed another transaction for one of the outputs. It signs a second one only when that covers all outputs of the first with a higher fee, with more outputs or, where both are equal, with the smaller txid, or when the first can never confirm.',
    remedy:
      'Complete the first transaction, which `firebreak ceremony list` shows, or let the holder of the release key ask for all these outputs with a higher fee: `firebreak payout` with a higher --fee. `docs/operations/fees.md` explains the locks of a ladder.',
  },
  'conflict.nonce-burnt': {
    meaning: 'A commitment of the request was used before, in another request. It is recorded.',
    remedy: 'Treat it as an incident: a coordinator that asks twice with one nonce could extract a key share.',
  },
} as const satisfies FailureTable;
