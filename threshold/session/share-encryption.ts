import { createCipheriv, createECDH, type ECDH, randomBytes } from 'node:crypto';
import { concatBytes } from '@noble/hashes/utils.js';
import type { CeremonyId } from '../../domain/ceremony/ceremony.ts';
import type { EncryptedShare, ShareBox, ShareOpening } from '../../domain/ceremony/dispute.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { parsePoint } from '../verify/curve.ts';
import {
  boxKey,
  contextOf,
  EXCHANGE_KEY_BYTES,
  openBox,
  receivingKeyOf,
  sendingKeyOf,
  SHARE_BYTES,
} from '../verify/share-box.ts';
import { proveEqualLogs } from './dleq.ts';

const NONCE_BYTES = 12;

/**
 * Key generation shares in transit. Two secp256k1 key pairs per validator and ceremony, never stored: a recorded ceremony cannot be
 * opened later with a stolen host identity. The public keys travel in the signed round-1 envelope, which authenticates them.
 */
export type ShareExchange = {
  /** Sending key, then receiving key, 33 bytes compressed each. */
  readonly publicKey: Uint8Array;
  /** @throws FirebreakFailure `signer-fault.encryption-key` when the recipient's key is no point */
  encryptFor(to: ValidatorId, theirKey: Uint8Array, share: Uint8Array): EncryptedShare;
  /**
   * The caller fills the result with zeros after use.
   * @throws FirebreakFailure `signer-fault.encryption-key`, `signer-fault.share-encryption`; both name the sender
   */
  decryptFrom(from: ValidatorId, theirKey: Uint8Array, encrypted: EncryptedShare): Uint8Array;
  /**
   * Shows to everyone how the box from `from` opens, with a proof that it opens so, bound to `message`. What becomes readable is what was
   * closed under that sending key for us, and nothing that anybody else receives. @throws FirebreakFailure `signer-fault.encryption-key`
   */
  showOpening(from: ValidatorId, theirKey: Uint8Array, message: Uint8Array): ShareOpening;
  /** Forgets the private keys; afterwards everything is `bug.keygen-order`. */
  erase(): void;
};

type Pairs = { readonly sending: ECDH; readonly receiving: ECDH };

function pair(): ECDH {
  const made = createECDH('secp256k1');
  made.generateKeys();
  return made;
}
const publicOf = (own: ECDH): Uint8Array => new Uint8Array(own.getPublicKey(null, 'compressed'));

function withoutKey(peer: ValidatorId, cause?: unknown): FirebreakFailure {
  return new FirebreakFailure(
    'signer-fault.encryption-key',
    `the encryption key of validator ${peer} gives no shared secret`,
    { culprits: [peer] },
    { cause },
  );
}

/** The group has prime order: whatever is a point gives a secret that only the two know. */
function sharedX(own: ECDH, theirs: Uint8Array, peer: ValidatorId): Uint8Array {
  if (theirs.length !== 33) throw withoutKey(peer);
  try {
    return own.computeSecret(theirs);
  } catch (cause) {
    throw withoutKey(peer, cause);
  }
}

export function openShareExchange(ceremony: CeremonyId, self: ValidatorId): ShareExchange {
  let pairs: Pairs | undefined = { sending: pair(), receiving: pair() };
  const publicKey = concatBytes(publicOf(pairs.sending), publicOf(pairs.receiving));
  const incoming = (from: ValidatorId, theirKey: Uint8Array): ShareBox => ({
    ceremony,
    from,
    to: self,
    sendingKey: sendingKeyOf(theirKey),
    receivingKey: receivingKeyOf(publicKey),
  });

  function own(): Pairs {
    if (pairs === undefined) throw new FirebreakFailure('bug.keygen-order', 'a share exchange was used after its end');
    return pairs;
  }

  function keyOf(pairOf: ECDH, theirs: Uint8Array, peer: ValidatorId, context: Uint8Array): Uint8Array {
    const secret = sharedX(pairOf, theirs, peer);
    try {
      return boxKey(secret, context);
    } finally {
      secret.fill(0);
    }
  }

  return {
    publicKey,

    encryptFor(to, theirKey, share) {
      if (share.length !== SHARE_BYTES) throw new FirebreakFailure('input.share', 'a key share has 32 bytes');
      if (theirKey.length !== EXCHANGE_KEY_BYTES) throw withoutKey(to);
      const receivingKey = receivingKeyOf(theirKey);
      const context = contextOf({ ceremony, from: self, to, sendingKey: sendingKeyOf(publicKey), receivingKey });
      const key = keyOf(own().sending, receivingKey, to, context);
      try {
        const nonce = randomBytes(NONCE_BYTES);
        const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
        const ciphertext = concatBytes(cipher.update(share), cipher.final(), cipher.getAuthTag());
        return { nonce: new Uint8Array(nonce), ciphertext };
      } finally {
        key.fill(0);
      }
    },

    decryptFrom(from, theirKey, encrypted) {
      if (theirKey.length !== EXCHANGE_KEY_BYTES) throw withoutKey(from);
      const box = incoming(from, theirKey);
      const context = contextOf(box);
      const key = keyOf(own().receiving, box.sendingKey, from, context);
      try {
        const share = openBox(encrypted, key, context);
        if (share !== undefined) return share;
        throw new FirebreakFailure(
          'signer-fault.share-encryption',
          `the encrypted share of validator ${from} does not open`,
          { culprits: [from] },
        );
      } finally {
        key.fill(0);
      }
    },

    showOpening(from, theirKey, message) {
      if (theirKey.length !== EXCHANGE_KEY_BYTES) throw withoutKey(from);
      let sending: ReturnType<typeof parsePoint>;
      try {
        sending = parsePoint(sendingKeyOf(theirKey), 'a sending key');
      } catch (cause) {
        throw withoutKey(from, cause);
      }
      const secret = own().receiving.getPrivateKey();
      const padded = new Uint8Array(32);
      try {
        padded.set(secret, 32 - secret.length);
        const { statement, proof } = proveEqualLogs(padded, sending, randomBytes(32), message);
        return { sharedPoint: statement.shared.toBytes(), proof };
      } finally {
        secret.fill(0);
        padded.fill(0);
      }
    },

    erase() {
      pairs = undefined;
    },
  };
}
