import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import { toHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';

const SEED_BYTES = 32;
const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex'); // RFC 8410 §7
const SPKI_ED25519_PREFIX_BYTES = 12; // RFC 8410 §4: what stands before the 32 bytes of the key

/** The host key from its 32-byte seed (RFC 8032 §5.1.5), which is what a keystore seals. The caller wipes the seed. */
export function identityFromSeed(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES)
    throw wrong(`a host identity has a seed of ${SEED_BYTES} bytes, this one has ${seed.length}`);
  const der = Buffer.concat([PKCS8_ED25519_PREFIX, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

/** Public half in hex: what stands in the roster. Accepts the private or the public key. */
export function identityHex(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
  return toHex(spki.subarray(SPKI_ED25519_PREFIX_BYTES));
}

/** The same key as libp2p wants it: seed and public key, 64 bytes. */
export function libp2pKeyOf(identity: KeyObject): Ed25519PrivateKey {
  const der = identity.export({ format: 'der', type: 'pkcs8' });
  const raw = Buffer.concat([der.subarray(PKCS8_ED25519_PREFIX.length), Buffer.from(identityHex(identity), 'hex')]);
  try {
    const key = privateKeyFromRaw(raw);
    if (key.type !== 'Ed25519') throw wrong('a host identity is an Ed25519 key');
    return key;
  } finally {
    der.fill(0);
  }
}

export function peerIdOf(identity: string): PeerId {
  if (!/^[0-9a-f]{64}$/.test(identity)) throw wrong('a host identity is 64 lower-case hex characters');
  return peerIdFromPublicKey(publicKeyFromRaw(Buffer.from(identity, 'hex')));
}

/** Ed25519 identity (hex) of a connected peer; another kind of key is nobody we know. */
export function identityOf(peer: PeerId): string | undefined {
  return peer.type === 'Ed25519' && peer.publicKey !== undefined ? toHex(peer.publicKey.raw) : undefined;
}

const wrong = (message: string): FirebreakFailure => new FirebreakFailure('input.host-identity', message);
