import { randomBytes } from 'node:crypto';
import type * as Pkcs11js from 'pkcs11js';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import {
  CKK_EC_EDWARDS,
  CKM_EC_EDWARDS_KEY_PAIR_GEN,
  CURVE_NAMES,
  isEd25519,
  pointHex,
  whyNotEd25519,
} from './edwards.ts';
import type { Pkcs11Library } from './library.ts';
import { CKR, ckrOf } from './return-values.ts';
import type { KeyTraits } from './token-uri.ts';

/** An Ed25519 pair of one session. */
export type SigningKey = {
  readonly handle: Pkcs11js.Handle;
  /** 32 bytes in hex: what the token keeps as the public half, believed once a signature fits it. */
  readonly publicKey: string;
  /** CKA_ALWAYS_AUTHENTICATE: the token wants the PIN again for each signature. */
  readonly asksEachTime: boolean;
};

type Session = { readonly library: Pkcs11Library; readonly session: Pkcs11js.Handle };

/**
 * The one private key that fits, with its public half. Throws `input.token-key-missing`, `input.keystore-token-ambiguous`,
 * `input.token-key-algorithm` and, for a key that can leave the token or may not sign, `policy.token-key-unfit`.
 */
export function findSigningKey(at: Session, wanted: KeyTraits): SigningKey {
  const { names } = at.library;
  const handle = one(at, 'private key', names.CKO_PRIVATE_KEY, wanted);
  checkAlgorithm(at, handle);
  const flag = (type: number): boolean => value(at, handle, type)?.[0] === 1;
  if (!flag(names.CKA_SENSITIVE) || value(at, handle, names.CKA_EXTRACTABLE)?.[0] !== 0 || !flag(names.CKA_SIGN)) {
    throw new FirebreakFailure(
      'policy.token-key-unfit',
      `the private key with ${describe(wanted)} may be read out of the token, or may not sign`,
    );
  }
  const id = value(at, handle, names.CKA_ID);
  const label = value(at, handle, names.CKA_LABEL)?.toString('utf8');
  const partner: KeyTraits = id !== undefined && id.length > 0 ? { id } : { label: label ?? '' };
  const point = value(at, one(at, 'public key', names.CKO_PUBLIC_KEY, partner), names.CKA_EC_POINT);
  const publicKey = point === undefined ? undefined : pointHex(point);
  if (publicKey === undefined)
    throw new FirebreakFailure('input.token-key-missing', `the public key with ${describe(partner)} is no Ed25519 key`);
  return { handle, publicKey, asksEachTime: flag(names.CKA_ALWAYS_AUTHENTICATE) };
}

/** Makes a pair inside: sensitive, not extractable, not modifiable. Throws `input.token-key-exists` or what the token says. */
export function generateSigningKey(at: Session, label: string, wantedId: Buffer | undefined): void {
  const { calls, names } = at.library;
  const id = wantedId ?? randomBytes(16);
  for (const type of [names.CKO_PRIVATE_KEY, names.CKO_PUBLIC_KEY]) {
    if (find(at, type, { label }).length > 0 || find(at, type, { id }).length > 0)
      throw new FirebreakFailure('input.token-key-exists', `the token has a key with the label ${label}, or that id`);
  }
  const both = [
    { type: names.CKA_TOKEN, value: true },
    { type: names.CKA_KEY_TYPE, value: CKK_EC_EDWARDS },
    { type: names.CKA_LABEL, value: label },
    { type: names.CKA_ID, value: id },
    { type: names.CKA_MODIFIABLE, value: false },
  ];
  const secret = [
    ...both,
    { type: names.CKA_CLASS, value: names.CKO_PRIVATE_KEY },
    { type: names.CKA_PRIVATE, value: true },
    { type: names.CKA_SENSITIVE, value: true },
    { type: names.CKA_EXTRACTABLE, value: false },
    { type: names.CKA_SIGN, value: true },
  ];
  const make = (curve: Buffer): unknown =>
    calls.C_GenerateKeyPair(
      at.session,
      { mechanism: CKM_EC_EDWARDS_KEY_PAIR_GEN },
      [
        ...both,
        { type: names.CKA_CLASS, value: names.CKO_PUBLIC_KEY },
        { type: names.CKA_VERIFY, value: true },
        { type: names.CKA_EC_PARAMS, value: curve },
      ],
      secret,
    );
  const [identifier = Buffer.alloc(0), name = Buffer.alloc(0)] = CURVE_NAMES;
  try {
    make(identifier);
  } catch (error) {
    // Some modules know the curve by its name alone; a refused pair leaves nothing in the token.
    if (!CURVE_REFUSED.includes(ckrOf(error))) throw error;
    make(name);
  }
}

const CURVE_REFUSED: readonly (number | undefined)[] = [
  CKR.ATTRIBUTE_VALUE_INVALID,
  CKR.DOMAIN_PARAMS_INVALID,
  CKR.CURVE_NOT_SUPPORTED,
];

function checkAlgorithm(at: Session, handle: Pkcs11js.Handle): void {
  const { names } = at.library;
  const type = unsigned(value(at, handle, names.CKA_KEY_TYPE));
  const parameters = value(at, handle, names.CKA_EC_PARAMS) ?? Buffer.alloc(0);
  if (type === CKK_EC_EDWARDS && isEd25519(parameters)) return;
  throw new FirebreakFailure(
    'input.token-key-algorithm',
    `only an Ed25519 key signs in a token; this is ${whyNotEd25519(type, parameters.toString('hex'))}`,
  );
}

function one(at: Session, what: string, type: number, wanted: KeyTraits): Pkcs11js.Handle {
  const [handle, another] = find(at, type, wanted);
  if (handle === undefined)
    throw new FirebreakFailure('input.token-key-missing', `the token has no ${what} with ${describe(wanted)}`);
  if (another !== undefined) {
    throw new FirebreakFailure(
      'input.keystore-token-ambiguous',
      `the token has several ${what}s with ${describe(wanted)}; name one by its id as well`,
    );
  }
  return handle;
}

function find({ library: { calls, names }, session }: Session, type: number, { label, id }: KeyTraits) {
  calls.C_FindObjectsInit(session, [
    { type: names.CKA_CLASS, value: type },
    { type: names.CKA_TOKEN, value: true },
    ...(label === undefined ? [] : [{ type: names.CKA_LABEL, value: label }]),
    ...(id === undefined ? [] : [{ type: names.CKA_ID, value: id }]),
  ]);
  try {
    return calls.C_FindObjects(session, 2);
  } finally {
    calls.C_FindObjectsFinal(session);
  }
}

/** Undefined for what this kind of key does not have, or keeps to itself. */
function value({ library, session }: Session, handle: Pkcs11js.Handle, type: number): Buffer | undefined {
  try {
    const found = library.calls.C_GetAttributeValue(session, handle, [{ type }])[0]?.value;
    return Buffer.isBuffer(found) ? found : undefined;
  } catch (error) {
    const code = ckrOf(error);
    if (code === CKR.ATTRIBUTE_TYPE_INVALID || code === CKR.ATTRIBUTE_SENSITIVE) return undefined;
    throw error;
  }
}

/** C `unsigned long`, little-endian on all our machines; none has no type at all. */
const unsigned = (bytes: Buffer | undefined): number =>
  bytes === undefined || bytes.length < 4 ? Number.NaN : bytes.readUInt32LE();

const describe = ({ label, id }: KeyTraits): string =>
  [
    ...(label === undefined ? [] : [`the label ${JSON.stringify(label)}`]),
    ...(id === undefined ? [] : [`the id ${id.toString('hex')}`]),
  ].join(' and ');
