import type { KeyCertificate, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { certificateDigest } from '../../domain/ceremony/digests.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { accept, refuse } from '../../domain/errors/failure.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { parseKeyCertificate } from '../../wire/documents/index.ts';
import { CertificateHeldSchema, type Envelope, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentParts, Answer } from './parts.ts';
import { aboutKey, say } from './statements.ts';
import { STEP } from './step-names.ts';

export type Certificates = { hold(certificate: Uint8Array): Answer; say(keyset: string): Answer };

/**
 * All participants signed the package that this validator made itself: from then on the key may be tested. A validator that takes no
 * part holds the certificate for its signatures alone; one that is named and has no share has lost it, and vouches for nothing.
 */
export function createCertificates(parts: AgentParts): Certificates {
  const { genesis, self, journal, clock, keyring } = parts;
  const held = (key: PublicKeyPackage): Envelope =>
    say(parts, Round.KEYGEN_CERTIFICATE_HELD, aboutKey(key, `keygen-${key.keyset}`), CertificateHeldSchema, {
      certificateDigest: fromHex(certificateDigest(key), 'certificate', 32),
    });

  function keep(certificate: KeyCertificate): Answer {
    const verified = verifyCertificate(certificate, genesis);
    if (!verified.ok) return verified;
    const { package: key } = certificate;
    const atMs = clock();
    journal.atOnce(() => {
      journal.keysets.keep({
        keyset: key.keyset,
        epoch: key.epoch,
        package: key,
        certificate: canonicalBytes(certificate),
        atMs,
      });
      journal.steps.record(`keygen-${key.keyset}`, STEP.certificateHeld, atMs);
    });
    return accept(held(key));
  }

  return {
    hold(bytes) {
      const certificate = parseKeyCertificate(bytes, 'certificate of the request');
      const { package: key } = certificate;
      if (!key.participants.includes(self) && keyring.get(key.keyset) === undefined) return keep(certificate);
      const row = keyring.require(key.keyset, () => true, 'be certified');
      if (!row.ok) return row;
      const own = row.value.package;
      if (certificateDigest(own) !== certificateDigest(certificate.package)) {
        return refuse(
          'policy.certificate-package',
          `the certificate is about another package of keyset ${own.keyset} than ours`,
        );
      }
      if (row.value.state !== 'proposed') return accept(held(own));
      const verified = verifyCertificate(certificate, genesis);
      if (!verified.ok) return verified;
      journal.atOnce(() => {
        journal.keysets.certify(own.keyset, canonicalBytes(certificate));
        journal.steps.record(`keygen-${own.keyset}`, STEP.certificateHeld, clock());
      });
      return accept(held(own));
    },
    say(keyset) {
      const row = keyring.require(keyset, (state) => state !== 'proposed', 'be vouched for: it has no certificate');
      return row.ok ? accept(held(row.value.package)) : row;
    },
  };
}
