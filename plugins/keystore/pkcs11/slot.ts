import type * as Pkcs11js from 'pkcs11js';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Pkcs11Config } from './config.ts';
import type { Pkcs11Library } from './library.ts';
import type { TokenTraits } from './token-uri.ts';

export type Slot = { readonly handle: Pkcs11js.Handle; readonly info: Pkcs11js.TokenInfo };

/** How a token is named: by a configuration, or by the traits of a `pkcs11:` URI. */
export type TokenWanted = Pkcs11Config['token'] | ({ readonly by: 'traits' } & TokenTraits);

/** More slots than any HSM partition shows; the rest is not looked at. */
const SLOTS_MAX = 1_000;

/** The one slot with the configured token. Throws `unavailable.token-absent` or `input.keystore-token-ambiguous`. */
export function findSlot({ calls, names }: Pkcs11Library, wanted: TokenWanted): Slot {
  const fitting: Slot[] = [];
  for (const handle of slotsWithToken(calls)) {
    const info = tokenInfo(calls, handle);
    if (info === undefined || (info.flags & names.CKF_TOKEN_INITIALIZED) === 0) continue;
    if (fits(traitsOf(wanted), handle, info)) fitting.push({ handle, info });
  }
  const [slot] = fitting;
  const text = describe(traitsOf(wanted));
  if (slot === undefined)
    throw new FirebreakFailure('unavailable.token-absent', `no initialised token with ${text} is present`);
  if (fitting.length > 1) {
    throw new FirebreakFailure(
      'input.keystore-token-ambiguous',
      `${fitting.length} tokens have ${text}; name one by slot`,
    );
  }
  return slot;
}

const traitsOf = (wanted: TokenWanted): TokenTraits => {
  if (wanted.by === 'traits') return wanted;
  return wanted.by === 'label' ? { label: wanted.label } : { slot: wanted.slot };
};

/** The token pads what it says with blanks. */
function fits(wanted: TokenTraits, handle: Pkcs11js.Handle, info: Pkcs11js.TokenInfo): boolean {
  const said = { label: info.label, serial: info.serialNumber, manufacturer: info.manufacturerID, model: info.model };
  const { slot, ...texts } = wanted;
  if (slot !== undefined && slotId(handle) !== BigInt(slot)) return false;
  return TEXTS.every((name) => texts[name] === undefined || texts[name] === said[name].trimEnd());
}

const TEXTS = ['label', 'serial', 'manufacturer', 'model'] as const;

const describe = (wanted: TokenTraits): string =>
  [
    ...TEXTS.flatMap((name) => (wanted[name] === undefined ? [] : [`${name} ${JSON.stringify(wanted[name])}`])),
    ...(wanted.slot === undefined ? [] : [`slot ${wanted.slot}`]),
  ].join(' and ');

function slotsWithToken(calls: Pkcs11js.PKCS11): Pkcs11js.Handle[] {
  try {
    return calls.C_GetSlotList(true).slice(0, SLOTS_MAX);
  } catch {
    return [];
  }
}

/** Undefined for a token that does not answer: a broken neighbour does not hide ours. */
function tokenInfo(calls: Pkcs11js.PKCS11, handle: Pkcs11js.Handle): Pkcs11js.TokenInfo | undefined {
  try {
    return calls.C_GetTokenInfo(handle);
  } catch {
    return undefined;
  }
}

/** Handles are C `unsigned long` in the machine's byte order: 8 bytes, 4 on Windows; all our machines are little-endian. */
const slotId = (handle: Pkcs11js.Handle): bigint =>
  handle.length === 8 ? handle.readBigUInt64LE() : BigInt(handle.readUInt32LE());
