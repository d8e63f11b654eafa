import type { FailureTable } from '../../domain/errors/failure.ts';

export type KeystoreFailureCode =
  | 'input.keystore-secret-source'
  | 'input.keystore-pin'
  | 'input.keystore-module'
  | 'input.keystore-token-ambiguous'
  | 'input.keystore-identity-file'
  | 'input.secret-size'
  | 'input.token-uri'
  | 'input.token-key-missing'
  | 'input.token-key-exists'
  | 'input.token-key-algorithm'
  | 'policy.keystore-pin-locked'
  | 'policy.keystore-key-unfit'
  | 'policy.keystore-key-missing'
  | 'policy.keystore-changed'
  | 'policy.keystore-destroyed'
  | 'policy.token-key-unfit'
  | 'policy.token-signature'
  | 'policy.sealed-damaged'
  | 'policy.sealed-file-on-mainnet'
  | 'policy.memory-keystore-on-mainnet'
  | 'unavailable.pkcs11-not-installed'
  | 'unavailable.token-absent'
  | 'unavailable.keystore-locked'
  | 'unavailable.token-refused';

export const pluginsKeystoreFailures: FailureTable<KeystoreFailureCode> = {
  'input.keystore-secret-source': {
    meaning: 'The PIN or passphrase could not be read from the place that the configuration names.',
    remedy:
      'Set the environment variable, or give the file to this user alone (mode 0400); see the README of the plug-in.',
  },
  'input.keystore-pin': {
    meaning: 'The token refused the PIN, or the passphrase or identity does not open the key file.',
    remedy:
      'Correct the PIN or passphrase at its source, then start again or type the command again. A process tries a wrong PIN once; each start is one more try of those after which the token locks.',
  },
  'input.keystore-module': {
    meaning: 'The PKCS#11 module is not there, is not a PKCS#11 module, or does not start.',
    remedy:
      'Check `module` (`module-path` in a pkcs11: URI) against the vendor’s path, and the vendor’s own configuration (for SoftHSM2: SOFTHSM2_CONF).',
  },
  'input.keystore-token-ambiguous': {
    meaning: 'Several tokens or several keys have the label or traits that were named.',
    remedy:
      'Give each its own label, or name the token by `slot`; in a pkcs11: URI add `serial` or `slot-id` for the token, `id` for the key.',
  },
  'input.keystore-identity-file': {
    meaning: 'The age identity file cannot be read or holds no identity.',
    remedy: 'Write one with `age-keygen -o <file>` and give it to this user alone (mode 0400).',
  },
  'input.secret-size': {
    meaning: 'A secret to seal is empty or above 4,096 bytes.',
    remedy: 'Keystores guard keys, not documents; this is a mistake of the caller.',
  },
  'input.token-uri': {
    meaning: 'A pkcs11: URI does not name one key, its library and the place of the PIN, or holds a PIN.',
    remedy:
      "Write `'pkcs11:token=<token>;object=<key>?module-path=/full/path.so&pin-source=file:/path/of/pin'`, in quotes; the message names what is wrong. A PIN that was typed into it is to be changed.",
  },
  'input.token-key-missing': {
    meaning: 'The token has no such private key, or not its public half beside it.',
    remedy:
      'Compare `object` and `id` of the URI with what the vendor’s tool lists after login. `firebreak committee key --out <URI>` makes a pair; for an imported key import its public half under the same id.',
  },
  'input.token-key-exists': {
    meaning: 'A key was to be made in a token under a label or id that is taken there.',
    remedy: 'Give it another label, or use the key that is there: `firebreak committee key --show <URI>`.',
  },
  'input.token-key-algorithm': {
    meaning: 'The key in the token is not Ed25519, or the token cannot sign with Ed25519 (CKM_EDDSA of PKCS#11 3.0).',
    remedy:
      'Make an Ed25519 key in a token that has CKM_EDDSA. secp256k1 (BIP340) and ML-DSA-65 keys of members stay in files.',
  },
  'policy.keystore-pin-locked': {
    meaning: 'The token has locked the user PIN, or warns that the next wrong try locks it.',
    remedy: 'Let the security officer of the token reset the PIN; nothing here tries again by itself.',
  },
  'policy.keystore-key-unfit': {
    meaning: 'The key with the configured label is not an AES-256 key that stays in the token.',
    remedy: 'Use another `key_label`; the plug-in then makes a sensitive, non-extractable key itself.',
  },
  'policy.keystore-key-missing': {
    meaning: 'The key under which secrets of this data folder were sealed is no longer in the token or folder.',
    remedy:
      'Connect the token, or restore the key file, that was used before. No new key is made, so that nothing is lost by accident.',
  },
  'policy.keystore-changed': {
    meaning:
      'The configuration names another kind of keystore than the one that sealed the secrets of this data folder.',
    remedy:
      'Put the old choice back. Where nothing worth keeping was sealed, remove keystore.json from the data folder.',
  },
  'policy.keystore-destroyed': {
    meaning: 'The sealing key was destroyed on purpose; nothing sealed by it opens again.',
    remedy: 'Start in a new data folder and take part in a new key generation.',
  },
  'policy.token-key-unfit': {
    meaning: 'The private key of a member can be read out of its token, or may not sign.',
    remedy:
      'Make a key that cannot leave: `firebreak committee key --out <URI>` (CKA_SENSITIVE, not CKA_EXTRACTABLE, CKA_SIGN), and hand its seat over to that key.',
  },
  'policy.token-signature': {
    meaning: 'What a token signed does not verify by the public key beside the private one; it was not given out.',
    remedy:
      'Import the public half that belongs to the private key, under the same id. If it does belong, the token is broken: do not use it.',
  },
  'policy.sealed-damaged': {
    meaning:
      'A sealed secret does not open: changed, cut short, moved from another key, epoch or validator, or sealed by another keystore.',
    remedy: 'Restore the data folder from its copy. If the secret is a key share, retire this validator from the key.',
  },
  'policy.sealed-file-on-mainnet': {
    meaning: 'Sealed files are refused where real coins are at stake.',
    remedy: 'Use the pkcs11 keystore with a hardware token.',
  },
  'policy.memory-keystore-on-mainnet': {
    meaning: 'The in-memory keystore is refused where real coins are at stake.',
    remedy: 'Use the pkcs11 keystore with a hardware token.',
  },
  'unavailable.pkcs11-not-installed': {
    meaning: 'The optional package pkcs11js is not installed, or was not built for this machine.',
    remedy:
      'Run `npm install pkcs11js` with a C++ compiler at hand, or do without a token: the sealed-file keystore, a key file of a member.',
  },
  'unavailable.token-absent': {
    meaning: 'No token with the label, slot or other trait that was named is present.',
    remedy: 'Connect the token or start the HSM’s client; the next call looks again.',
  },
  'unavailable.keystore-locked': {
    meaning: 'The session with the token was lost, or the keystore is not open.',
    remedy:
      'Nothing, if the token is back: the next call logs in again, once per call; a command is typed again. Else see the token.',
  },
  'unavailable.token-refused': {
    meaning: 'The token is there and open, and did not do what it was asked.',
    remedy: 'Look up the return value of the message (CKR_…) in the vendor’s manual; then type the command again.',
  },
};
