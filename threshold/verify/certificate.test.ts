import { expect, test } from '@jest/globals';
import { ed25519, ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { KeyCertificate, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { validatorId } from '../../domain/network/network.ts';
import { dealKeyset, idsUpTo } from '../testkit/keyset.ts';
import { packageDigest, verifyCertificate } from './certificate.ts';

const secretOf = (id: number) => sha256(utf8ToBytes(`identity ${id}`));
const validators = idsUpTo(5).map((id) => ({
  id,
  identity: bytesToHex(ed25519.getPublicKey(secretOf(id))),
  addresses: [],
}));
const genesis = { threshold: 3, validators };
const { key } = dealKeyset('certified', 5, 3);

const certify = (of: PublicKeyPackage): KeyCertificate => ({
  package: of,
  signatures: validators.map(({ id }) => ({
    validator: id,
    signature: bytesToHex(ed25519.sign(packageDigest(of), secretOf(id))),
  })),
});
const codeOf = (certificate: KeyCertificate, against = genesis) => {
  const verdict = verifyCertificate(certificate, against);
  return verdict.ok ? 'accepted' : verdict.refusal.code;
};

test('a certificate with the signatures of all pinned validators is accepted, in any order', () => {
  const certificate = certify(key);
  expect(codeOf(certificate)).toBe('accepted');
  expect(codeOf({ ...certificate, signatures: certificate.signatures.toReversed() })).toBe('accepted');
});

test('all but one is not enough, and nobody counts twice', () => {
  const certificate = certify(key);
  const [first] = certificate.signatures;
  if (first === undefined) throw new Error('there are signatures');
  expect(codeOf({ ...certificate, signatures: certificate.signatures.slice(1) })).toBe('policy.certificate-incomplete');
  expect(codeOf({ ...certificate, signatures: [first, ...certificate.signatures.slice(0, 4)] })).toBe(
    'policy.certificate-incomplete',
  );
  expect(codeOf({ ...certificate, signatures: [first, ...certificate.signatures] })).toBe(
    'policy.certificate-incomplete',
  );
});

test('a signature by another identity, over another package or not canonical is refused', () => {
  const certificate = certify(key);
  const replace = (signature: string) => ({
    ...certificate,
    signatures: certificate.signatures.map((entry) => (entry.validator === 3 ? { ...entry, signature } : entry)),
  });
  const other = bytesToHex(ed25519.sign(packageDigest(key), secretOf(4)));
  const older = bytesToHex(ed25519.sign(packageDigest({ ...key, epoch: 2 }), secretOf(3)));
  const own = certificate.signatures[2]?.signature ?? '';
  // S + L is the same signature to a lax verifier (RFC 8032 §5.1.7 forbids it).
  const s = BigInt(`0x${Buffer.from(own.slice(64), 'hex').reverse().toString('hex')}`) + ed25519.Point.Fn.ORDER;
  const lax = own.slice(0, 64) + Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse().toString('hex');
  for (const signature of [other, older, lax, own.toUpperCase(), own.slice(2), '']) {
    expect(codeOf(replace(signature))).toBe('policy.certificate-signature');
  }
  expect(codeOf(replace(own))).toBe('accepted');
});

test('a small-order identity cannot sign everything, however it is written', () => {
  const certificate = certify(key);
  const signature = `01${'00'.repeat(31)}${'00'.repeat(32)}`;
  const forged = {
    ...certificate,
    signatures: certificate.signatures.map((entry) =>
      entry.validator === 2 ? { validator: validatorId(2), signature } : entry,
    ),
  };
  const withSign = (identity: string) =>
    identity.slice(0, 62) + (Number.parseInt(identity.slice(62), 16) ^ 0x80).toString(16).padStart(2, '0');
  // y = p and y = p + 1 are second ways to write 0 and 1.
  const unreduced = ['ed', 'ee'].map((least) => `${least}${'ff'.repeat(30)}7f`);
  for (const identity of [...ED25519_TORSION_SUBGROUP, ...unreduced].flatMap((one) => [one, withSign(one)])) {
    const weak = {
      ...genesis,
      validators: validators.map((entry) => (entry.id === 2 ? { ...entry, identity } : entry)),
    };
    expect(codeOf(forged, weak)).toBe('policy.certificate-signature');
  }
});

test('the verdict on a signature is that of the curve library in its strict mode', () => {
  const digest = packageDigest(key);
  const [, ...others] = certify(key).signatures;
  const signatures = [
    bytesToHex(ed25519.sign(digest, secretOf(1))),
    ...ED25519_TORSION_SUBGROUP.map((nonce) => nonce + '00'.repeat(32)),
  ];
  let accepted = 0;
  for (const identity of [...ED25519_TORSION_SUBGROUP, ...validators.map((entry) => entry.identity)]) {
    const against = {
      ...genesis,
      validators: validators.map((entry) => (entry.id === 1 ? { ...entry, identity } : entry)),
    };
    for (const signature of signatures) {
      const certificate = { package: key, signatures: [{ validator: validatorId(1), signature }, ...others] };
      const strict = isStrict(signature, digest, identity);
      expect(codeOf(certificate, against) === 'accepted').toBe(strict);
      accepted += strict ? 1 : 0;
    }
  }
  expect(accepted).toBe(1);
});

function isStrict(signature: string, message: Uint8Array, identity: string): boolean {
  try {
    const [sig, key] = [signature, identity].map((hex) => Buffer.from(hex, 'hex'));
    return ed25519.verify(sig ?? message, message, key ?? message, { zip215: false });
  } catch {
    return false;
  }
}

test('a certificate of another roster size or threshold is refused although everybody signed it', () => {
  expect(codeOf(certify(dealKeyset('smaller', 4, 3).key))).toBe('policy.certificate-roster');
  expect(codeOf(certify(dealKeyset('lower', 5, 2).key))).toBe('policy.certificate-roster');
  expect(codeOf(certify({ ...dealKeyset('claims three', 5, 2).key, threshold: 3 }))).toBe('input.key-package');
});

test('every field of the package changes what is signed', () => {
  const digests = [
    key,
    { ...key, epoch: 2 },
    { ...key, threshold: 4 },
    { ...key, transcript: dealKeyset('x', 2, 2).key.transcript },
    { ...key, verifyingShares: key.verifyingShares.toReversed() },
  ].map((variant) => bytesToHex(packageDigest(variant)));
  expect(new Set(digests).size).toBe(digests.length);
});
