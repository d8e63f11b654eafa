import type { FailureTable } from '../../domain/errors/failure.ts';

export type KeystoreFailureCode =
  | 'input.keystore-secret-source'
  | 'input.keystore-pin'
  | 'input.keystore-module'
  | 'input.keystore-token-ambiguous'
  | 'input.keystore-identity-file'
  | 'input.secret-size'
  | 'policy.keystore-pin-locked'
  | 'policy.keystore-key-unfit'
  | 'policy.keystore-key-missing'
  | 'policy.keystore-changed'
  | 'policy.keystore-destroyed'
  | 'policy.sealed-damaged'
  | 'policy.sealed-file-on-mainnet'
  | 'policy.memory-keystore-on-mainnet'
  | 'unavailable.pkcs11-not-installed'
  | 'unavailable.token-absent'
  | 'unavailable.keystore-locked';

export const pluginsKeystoreFailures: FailureTable<KeystoreFailureCode> = {
  'input.keystore-secret-source': {
    meaning: 'The PIN or passphrase could not be read from the place that the configuration names.',
    remedy:
      'Set the environment variable, or give the file to this user alone (mode 0400); see the README of the plug-in.',
  },
  'input.keystore-pin': {
    meaning: 'The token refused the PIN, or the passphrase or identity does not open the key file.',
    remedy:
      'Correct the PIN or passphrase at its source and restart. The same wrong PIN is not tried twice, so the token does not lock.',
  },
  'input.keystore-module': {
    meaning: 'The PKCS#11 module is not there, is not a PKCS#11 module, or does not start.',
    remedy:
      'Check `module` against the vendor’s path, and the vendor’s own configuration (for SoftHSM2: SOFTHSM2_CONF).',
  },
  'input.keystore-token-ambiguous': {
    meaning: 'Several tokens or several keys have the configured label.',
    remedy: 'Give each its own label, or name the token by `slot`.',
  },
  'input.keystore-identity-file': {
    meaning: 'The age identity file cannot be read or holds no identity.',
    remedy: 'Write one with `age-keygen -o <file>` and give it to this user alone (mode 0400).',
  },
  'input.secret-size': {
    meaning: 'A secret to seal is empty or above 4,096 bytes.',
    remedy: 'Keystores guard keys, not documents; this is a mistake of the caller.',
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
    remedy: 'Run `npm install pkcs11js` with a C++ compiler at hand, or choose the sealed-file keystore.',
  },
  'unavailable.token-absent': {
    meaning: 'No token with the configured label or slot is present.',
    remedy: 'Connect the token or start the HSM’s client; the next call looks again.',
  },
  'unavailable.keystore-locked': {
    meaning: 'The session with the token was lost, or the keystore is not open.',
    remedy: 'Nothing, if the token is back: the next call logs in again, once per call. Else see the token.',
  },
};
