import { concatBytes } from '@noble/hashes/utils.js';
import { type Digest, TAGS, taggedHash } from '../encoding/digest.ts';
import { fromHex } from '../encoding/hex.ts';
import type { ValidatorId } from '../network/network.ts';
import type { CeremonyId } from './ceremony.ts';

/** `nonce` has 12 bytes, `ciphertext` 48: share and authentication tag. */
export type EncryptedShare = { readonly nonce: Uint8Array; readonly ciphertext: Uint8Array };

/** Which share of which ceremony, and under which two keys: 33 bytes compressed secp256k1 each. */
export type ShareBox = {
  readonly ceremony: CeremonyId;
  readonly from: ValidatorId;
  readonly to: ValidatorId;
  readonly sendingKey: Uint8Array;
  readonly receivingKey: Uint8Array;
};

/** How one box opens, shown to everyone: the shared point (33 bytes) and a BIP374 proof (64 bytes) that it is the one of the two keys. */
export type ShareOpening = { readonly sharedPoint: Uint8Array; readonly proof: Uint8Array };

/** Everything that it takes to say who is at fault, as its authors signed it. */
export type DisputedShare = {
  readonly box: ShareBox;
  readonly encrypted: EncryptedShare;
  /** Feldman commitments of the dealer, 33 bytes each. */
  readonly commitments: readonly Uint8Array[];
  readonly opening: ShareOpening;
  /** What the opening is bound to: `shownShareMessage`. */
  readonly message: Uint8Array;
};

/** Binds an opening to the ceremony as the complainer saw it, through the digest of every commitment and every share of it. */
export const shownShareMessage = (transcript: Digest, dealer: ValidatorId, complainer: ValidatorId): Uint8Array =>
  taggedHash(
    TAGS.shownShare,
    concatBytes(
      fromHex(transcript, 'transcript', 32),
      Uint8Array.of(dealer >> 8, dealer & 255, complainer >> 8, complainer & 255),
    ),
  );
