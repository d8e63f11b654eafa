import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import type { SealLabel } from '../../domain/ports/keystore.ts';
import { sealLabelBytes } from './seal-label.ts';
import { checkSecretSize, IV_BYTES, packSealed, sealedDamaged, TAG_BYTES, unpackSealed } from './sealed-bytes.ts';

/** AES-256-GCM in software, for keystores that hold their key themselves. A random IV is safe for 2^32 seals per key (SP 800-38D §8.3). */
export function sealInSoftware(key: KeyObject, secret: Uint8Array, label: SealLabel): Uint8Array {
  checkSecretSize(secret);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES }).setAAD(sealLabelBytes(label));
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
  return packSealed(iv, Buffer.concat([ciphertext, cipher.getAuthTag()]));
}

/** Throws `policy.sealed-damaged`; what was decrypted before the tag failed is wiped. */
export function openInSoftware(key: KeyObject, sealed: Uint8Array, label: SealLabel): Uint8Array {
  const { iv, ciphertextAndTag } = unpackSealed(sealed, label);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    .setAAD(sealLabelBytes(label))
    .setAuthTag(ciphertextAndTag.subarray(-TAG_BYTES));
  const secret = decipher.update(ciphertextAndTag.subarray(0, -TAG_BYTES));
  try {
    decipher.final(); // GCM gives everything in update; final only checks the tag
    return Uint8Array.from(secret);
  } catch {
    throw sealedDamaged(label);
  } finally {
    secret.fill(0);
  }
}
