import type * as Pkcs11js from 'pkcs11js';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Pkcs11Config } from './config.ts';
import type { Pkcs11Library } from './library.ts';

export type Slot = { readonly handle: Pkcs11js.Handle; readonly info: Pkcs11js.TokenInfo };

/** More slots than any HSM partition shows; the rest is not looked at. */
const SLOTS_MAX = 1_000;

/** The one slot with the configured token. Throws `unavailable.token-absent` or `input.keystore-token-ambiguous`. */
export function findSlot({ calls, names }: Pkcs11Library, wanted: Pkcs11Config['token']): Slot {
  const fitting: Slot[] = [];
  for (const handle of slotsWithToken(calls)) {
    const info = tokenInfo(calls, handle);
    if (info === undefined || (info.flags & names.CKF_TOKEN_INITIALIZED) === 0) continue;
    const fits = wanted.by === 'label' ? info.label.trimEnd() === wanted.label : slotId(handle) === BigInt(wanted.slot);
    if (fits) fitting.push({ handle, info });
  }
  const [slot] = fitting;
  const text = wanted.by === 'label' ? `label ${JSON.stringify(wanted.label)}` : `slot ${wanted.slot}`;
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
