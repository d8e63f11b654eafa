import type { FailureTable } from '../errors/failure.ts';

export type TermsRefusal =
  | 'input.terms-version'
  | 'input.terms-purpose'
  | 'input.terms-payout-script'
  | 'input.terms-deposit'
  | 'input.terms-fee'
  | 'input.terms-dust'
  | 'input.terms-owner-key'
  | 'input.terms-release-key'
  | 'input.terms-refund'
  | 'input.terms-salt'
  | 'policy.terms-network'
  | 'policy.terms-signature';

export type ReleaseRefusal =
  | 'input.release-version'
  | 'input.release-outpoints'
  | 'input.release-amount'
  | 'input.release-fee'
  | 'input.release-ladder'
  | 'policy.release-network'
  | 'policy.release-vault'
  | 'policy.release-fee'
  | 'policy.release-expired'
  | 'policy.release-signature';

export const domainVaultFailures: FailureTable<TermsRefusal | ReleaseRefusal> = {
  'input.terms-version': {
    meaning: 'The terms have a version that this build does not read.',
    remedy: 'Write version 1, or upgrade the reader.',
  },
  'input.terms-purpose': {
    meaning: 'The purpose of a vault is empty, too long, or not one printable line.',
    remedy: 'Write up to 200 characters that a person recognises the vault by.',
  },
  'input.terms-payout-script': {
    meaning: 'The payout script is not a standard output that somebody can spend.',
    remedy: 'Take the scriptPubKey of a P2TR, P2WSH, P2WPKH, P2SH or P2PKH address of the owner.',
  },
  'input.terms-deposit': {
    meaning: 'The promised deposit or its deadline is outside what Bitcoin can express.',
    remedy: 'Write 1 to 2,100,000,000,000,000 satoshis and a block height from 1 to 499,999,999.',
  },
  'input.terms-fee': {
    meaning: 'The maximum fee is below what any node relays, or not a whole number of satoshis.',
    remedy: 'Allow at least 111 satoshis; some thousand leave room for busy days.',
  },
  'input.terms-dust': {
    meaning: 'Deposit minus maximum fee would leave an output that nodes refuse to relay.',
    remedy: 'Promise a larger deposit or allow a smaller maximum fee.',
  },
  'input.terms-owner-key': {
    meaning: 'The owner key is not a BIP340 public key.',
    remedy: 'Write the 32-byte x-only public key in lower-case hexadecimal.',
  },
  'input.terms-release-key': {
    meaning: 'The release key is not a BIP340 public key.',
    remedy: 'Write the 32-byte x-only public key in lower-case hexadecimal.',
  },
  'input.terms-refund': {
    meaning: 'The refund height is not a block height, or does not come after the deposit deadline.',
    remedy: 'Write a height above the deadline and below 500,000,000.',
  },
  'input.terms-salt': {
    meaning: 'The salt is not 16 bytes.',
    remedy: 'Write 16 random bytes in lower-case hexadecimal.',
  },
  'policy.terms-network': {
    meaning: 'The terms are for another network, environment or Bitcoin network.',
    remedy: 'Let the owner sign terms that name the network they are meant for; signatures do not carry over.',
  },
  'policy.terms-signature': {
    meaning: 'The owner did not sign exactly these terms.',
    remedy: 'Get the signed file from the owner again; a changed field is another vault and needs another signature.',
  },
  'input.release-version': {
    meaning: 'The release request has a version that this build does not read.',
    remedy: 'Write version 1, or upgrade the reader.',
  },
  'input.release-outpoints': {
    meaning:
      'The release request names no deposit, too many, the same one twice, or something that is not an outpoint.',
    remedy: 'Name each deposit once as transaction id and output number, at most 100 in one request.',
  },
  'input.release-amount': {
    meaning: 'The amount of the release request is not a whole number of satoshis that Bitcoin can express.',
    remedy: 'Write the sum of the named deposits.',
  },
  'input.release-fee': {
    meaning: 'The fee of the release request is not a whole number of satoshis below its amount.',
    remedy: 'Write the exact fee of the payout in satoshis.',
  },
  'input.release-ladder': {
    meaning:
      'The fees that may replace the first one of a release request do not rise, are too many, or are not below its amount.',
    remedy:
      'Write up to seven whole numbers of satoshis, each above the one before; leave the field out for one fee only.',
  },
  'policy.release-network': {
    meaning: 'The release request is for another network or environment.',
    remedy: 'Sign a request that names this network; signatures do not carry over.',
  },
  'policy.release-vault': {
    meaning: 'The release request names another vault than the terms it was checked against.',
    remedy: 'Use the request that was made for this vault.',
  },
  'policy.release-fee': {
    meaning: 'A fee of the release request is above the maximum in the terms of the vault.',
    remedy: 'Let the holder of the release key sign a request with a smaller fee.',
  },
  'policy.release-expired': {
    meaning: 'The release request was presented after its expiry.',
    remedy: 'Let the holder of the release key sign a new one.',
  },
  'policy.release-signature': {
    meaning: 'The release key of the vault did not sign exactly this request.',
    remedy: 'Get the request from the holder of the release key again.',
  },
};
