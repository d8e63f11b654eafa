import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { SealLabel } from '../../domain/ports/keystore.ts';
import { sealLabelText } from './seal-label.ts';

/** Sealed form of every keystore here: version (1) || IV (12) || AES-256-GCM ciphertext || tag (16). */
export const IV_BYTES = 12;
export const TAG_BYTES = 16;
export const SECRET_BYTES_MAX = 4096;
const VERSION = 1;

export function packSealed(iv: Uint8Array, ciphertextAndTag: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(1 + iv.length + ciphertextAndTag.length);
  sealed[0] = VERSION;
  sealed.set(iv, 1);
  sealed.set(ciphertextAndTag, 1 + iv.length);
  return sealed;
}

/** Throws `policy.sealed-damaged` for bytes that cannot be a sealed secret. */
export function unpackSealed(sealed: Uint8Array, label: SealLabel): { iv: Uint8Array; ciphertextAndTag: Uint8Array } {
  const least = 1 + IV_BYTES + TAG_BYTES + 1;
  if (sealed.length < least || sealed.length > least - 1 + SECRET_BYTES_MAX || sealed[0] !== VERSION)
    throw sealedDamaged(label);
  return { iv: sealed.subarray(1, 1 + IV_BYTES), ciphertextAndTag: sealed.subarray(1 + IV_BYTES) };
}

/** One message for every reason: whoever tampers learns nothing from the answer. */
export const sealedDamaged = (label: SealLabel) =>
  new FirebreakFailure('policy.sealed-damaged', `sealed secret of ${sealLabelText(label)} does not open`, {
    keyset: label.keyset,
    epoch: label.epoch,
    validator: label.validator,
  });

/** Throws `input.secret-size`. */
export function checkSecretSize(secret: Uint8Array): void {
  if (secret.length === 0 || secret.length > SECRET_BYTES_MAX) {
    throw new FirebreakFailure(
      'input.secret-size',
      `a secret of ${secret.length} bytes cannot be sealed; 1 to ${SECRET_BYTES_MAX} can`,
    );
  }
}
