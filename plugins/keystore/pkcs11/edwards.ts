/**
 * Ed25519 in PKCS#11 3.0 (section 2.3.15), which the names of pkcs11js, of v2.40, lack. SoftHSM2 2.6 has all of it.
 */
export const CKK_EC_EDWARDS = 0x40;
export const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;
/** Without a parameter it is pure Ed25519 of RFC 8032. */
export const CKM_EDDSA = 0x1057;

/** The two ways in which CKA_EC_PARAMS names the curve: the object identifier 1.3.101.112, and its name as a PrintableString. */
export const CURVE_NAMES: readonly Buffer[] = [
  Buffer.from('06032b6570', 'hex'),
  Buffer.concat([Buffer.from([0x13, 12]), Buffer.from('edwards25519', 'latin1')]),
];

export const isEd25519 = (parameters: Buffer): boolean => CURVE_NAMES.some((name) => name.equals(parameters));

const POINT_BYTES = 32;
/** How modules wrap CKA_EC_POINT: not at all (3.0), in an OCTET STRING (2.40, 3.1), in a BIT STRING. */
const WRAPPINGS = ['', '0420', '032100'];

/** The 32 bytes of RFC 8032 in hex; undefined for anything else. */
export function pointHex(point: Buffer): string | undefined {
  const raw = point.subarray(-POINT_BYTES);
  const head = point.subarray(0, Math.max(point.length - POINT_BYTES, 0)).toString('hex');
  return raw.length === POINT_BYTES && WRAPPINGS.includes(head) ? raw.toString('hex') : undefined;
}

const SECP256K1 = '06052b8104000a';
const CKK_EC = 0x03;
/** PKCS#11 3.2. */
const CKK_ML_DSA = 0x4a;
const OTHER_TYPES: Readonly<Record<number, string>> = { 0x00: 'an RSA', 0x01: 'a DSA', 0x41: 'an X25519 or X448' };

/** What is said about a key that is not Ed25519, and why such a key cannot vote out of a token. */
export function whyNotEd25519(type: number, parameters: string): string {
  if (type === CKK_EC && parameters === SECP256K1)
    return 'a secp256k1 key: members sign BIP340 with those, and a token has ECDSA only. Keep that key in a file';
  if (type === CKK_ML_DSA)
    return 'an ML-DSA key: its mechanism is of PKCS#11 3.2 and not spoken here. Keep an ML-DSA-65 key in a file';
  if (type === CKK_EC_EDWARDS) return 'a key of another Edwards curve than edwards25519';
  if (type === CKK_EC) return 'an ECDSA key';
  return `${OTHER_TYPES[type] ?? `a PKCS#11 type 0x${type.toString(16)}`} key`;
}
