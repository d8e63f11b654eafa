import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate of a test with its key; it protects nothing. */
export type TestCertificate = {
  readonly name: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** PEM of both. */
  readonly cert: string;
  readonly key: string;
  readonly certificateSha256: string;
  readonly keySha256: string;
};

const DAY_MS = 86_400_000;

const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const { length } = body;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
};
const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
const TRUE = tlv(0x01, Buffer.from([0xff]));
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const named = (commonName: string): Buffer =>
  sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(commonName)))));
/** UTCTime, as RFC 5280 wants it before 2050. */
const time = (ms: number): Buffer =>
  tlv(
    0x17,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replaceAll(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  );
const LOOPBACK_NAME = sequence(oid('551d11'), tlv(0x04, sequence(tlv(0x87, Buffer.from([127, 0, 0, 1])))));
const constraints = (isIssuer: boolean): Buffer =>
  sequence(oid('551d13'), TRUE, tlv(0x04, sequence(...(isIssuer ? [TRUE] : []))));

/** An X.509 certificate (RFC 5280) on P-256 for 127.0.0.1, by itself or by `issuer`; Node makes keys and no certificates. */
export function certificateOf(
  name: string,
  options: {
    readonly issuer?: TestCertificate;
    readonly isIssuer?: boolean;
    /** Whose key it has; default: a fresh one. */
    readonly keyOf?: TestCertificate;
    /** Unix milliseconds of its first and last moment. */
    readonly valid?: readonly [number, number];
  } = {},
): TestCertificate {
  const { issuer, isIssuer = false, keyOf, valid = [Date.now() - DAY_MS, Date.now() + DAY_MS] } = options;
  const { privateKey, publicKey } = keyOf ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    named(issuer?.name ?? name),
    sequence(time(valid[0]), time(valid[1])),
    named(name),
    spki,
    tlv(0xa3, sequence(constraints(isIssuer), LOOPBACK_NAME)),
  );
  const signature = sign('sha256', body, issuer?.privateKey ?? privateKey);
  const der = sequence(body, ECDSA_WITH_SHA256, tlv(0x03, Buffer.from([0]), signature));
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  return {
    name,
    privateKey,
    publicKey,
    cert: `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificateSha256: sha256(der),
    keySha256: sha256(spki),
  };
}
