import { createDecipheriv, hkdfSync } from 'node:crypto';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { EncryptedShare, ShareBox } from '../../domain/ceremony/dispute.ts';
import { TAGS } from '../../domain/encoding/digest.ts';
import { parsePoint, scalarBytes } from './curve.ts';

const POINT_BYTES = 33;
/** Sending key, then receiving key: two, so that whoever shows how one share opens shows nothing of the share in the other direction. */
export const EXCHANGE_KEY_BYTES: number = 2 * POINT_BYTES;
export const sendingKeyOf = (exchangeKey: Uint8Array): Uint8Array => exchangeKey.subarray(0, POINT_BYTES);
export const receivingKeyOf = (exchangeKey: Uint8Array): Uint8Array => exchangeKey.subarray(POINT_BYTES);

/** Both halves are points; whoever signs anything else can be sent no share, and nobody can open what it sends. */
export function exchangeKeyHolds(exchangeKey: Uint8Array): boolean {
  if (exchangeKey.length !== EXCHANGE_KEY_BYTES) return false;
  try {
    parsePoint(sendingKeyOf(exchangeKey), 'a sending key');
    parsePoint(receivingKeyOf(exchangeKey), 'a receiving key');
    return true;
  } catch {
    return false;
  }
}

export const SHARE_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Widths are fixed but for the ceremony id, which has its length in front; the direction is part of it. */
export function contextOf({ ceremony, from, to, sendingKey, receivingKey }: ShareBox): Uint8Array {
  const name = utf8ToBytes(ceremony);
  return concatBytes(
    utf8ToBytes(TAGS.shareEncryption),
    Uint8Array.of(name.length),
    name,
    scalarBytes(BigInt(from)),
    scalarBytes(BigInt(to)),
    sendingKey,
    receivingKey,
  );
}

/** HKDF-SHA256 (RFC 5869) over the x-coordinate that both sides share (SEC 1 §3.3.1), 32 bytes. The caller wipes the result. */
export const boxKey = (sharedX: Uint8Array, context: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', sharedX, new Uint8Array(0), context, 32));

/** The share, which the caller wipes; nothing when the box was not closed with this key, whoever is to blame. */
export function openBox(
  { nonce, ciphertext }: EncryptedShare,
  key: Uint8Array,
  context: Uint8Array,
): Uint8Array | undefined {
  if (nonce.length !== NONCE_BYTES || ciphertext.length !== SHARE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(context);
  decipher.setAuthTag(ciphertext.subarray(SHARE_BYTES));
  const opened = decipher.update(ciphertext.subarray(0, SHARE_BYTES));
  try {
    decipher.final();
    return Uint8Array.from(opened);
  } catch {
    return undefined;
  } finally {
    opened.fill(0);
  }
}
