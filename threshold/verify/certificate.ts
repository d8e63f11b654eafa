import { createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { KeyCertificate, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { judgeParticipants } from '../../domain/ceremony/participants.ts';
import { canonicalBytes, TAGS, taggedHash } from '../../domain/encoding/digest.ts';
import { fromHex, isHex } from '../../domain/encoding/hex.ts';
import { refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { checkPackage } from './key-package.ts';

export type CertificateRefusal =
  | 'input.key-package'
  | 'policy.certificate-incomplete'
  | 'policy.certificate-roster'
  | 'policy.certificate-signature';

/** The 32 bytes that every host identity signs: tagged_hash("firebreak/certificate/v1", RFC 8785 bytes of the package). */
export const packageDigest = (key: PublicKeyPackage): Uint8Array => taggedHash(TAGS.certificate, canonicalBytes(key));

const SPKI_ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex'); // RFC 8410 §4

/**
 * Ed25519 with the strict rules of RFC 8032: no small-order key, no second encoding of a key or a signature. The platform's own
 * implementation takes a tenth of the library's time (fifteen signatures: 2 ms, not 25 to 65) and lacks only the look at the key.
 */
function signedBy(identity: string, message: Uint8Array, signature: string): boolean {
  if (!isHex(signature, 64)) return false;
  try {
    if (ed25519.Point.fromHex(identity, false).isSmallOrder()) return false;
    const der = Buffer.concat([SPKI_ED25519_PREFIX, fromHex(identity, 'identity', 32)]);
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(null, message, key, fromHex(signature, 'signature', 64));
  } catch {
    return false;
  }
}

/**
 * Convinces anyone who pinned the network: the package is sound, its participants may make a key here and all of them signed it.
 * All but one is not enough: the missing one may be the validator who holds a wrong share or saw other messages. That the committee
 * voted for an origin is what every participant checked before it gave its first message; nothing here proves it again.
 */
export function verifyCertificate(
  certificate: KeyCertificate,
  genesis: Pick<NetworkGenesis, 'threshold' | 'validators'>,
): Verdict<PublicKeyPackage, CertificateRefusal> {
  const key = certificate.package;
  if (key.threshold !== genesis.threshold) {
    return refuse(
      'policy.certificate-roster',
      `certificate of keyset ${key.keyset} is for a threshold of ${key.threshold}, the network has ${genesis.threshold}`,
    );
  }
  const allowed = judgeParticipants(key.participants, key.origin, genesis);
  if (!allowed.ok) {
    return refuse(
      'policy.certificate-roster',
      `certificate of keyset ${key.keyset} is for others: ${allowed.refusal.message}`,
    );
  }
  if (certificate.signatures.length !== key.participants.length) {
    return refuse(
      'policy.certificate-incomplete',
      `certificate of keyset ${key.keyset} has ${certificate.signatures.length} of ${key.participants.length} signatures`,
    );
  }
  const digest = packageDigest(key);
  const takesPart = new Set(key.participants);
  for (const { id, identity } of genesis.validators.filter((listed) => takesPart.has(listed.id))) {
    const entry = certificate.signatures.find((candidate) => candidate.validator === id);
    if (entry === undefined) {
      return refuse('policy.certificate-incomplete', `certificate of keyset ${key.keyset} lacks validator ${id}`, {
        validator: id,
      });
    }
    if (!signedBy(identity, digest, entry.signature)) {
      return refuse(
        'policy.certificate-signature',
        `certificate of keyset ${key.keyset} is not signed by validator ${id}`,
        {
          validator: id,
        },
      );
    }
  }
  // Last, since only a package that all of them signed is worth the arithmetic.
  return checkPackage(key);
}
