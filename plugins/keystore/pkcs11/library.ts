import type * as Pkcs11js from 'pkcs11js';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { CKR, ckrOf, ckrText } from './return-values.ts';

export type Pkcs11Module = typeof Pkcs11js;
/** How the optional package is loaded; tests replace it. */
export type LoadPkcs11js = () => Promise<Pkcs11Module>;

export const loadPkcs11js: LoadPkcs11js = async () => {
  const loaded: { default: Pkcs11Module } = await import('pkcs11js');
  return loaded.default;
};

/** The vendor's library in this process, with the constants to speak to it. */
export type Pkcs11Library = { readonly calls: Pkcs11js.PKCS11; readonly names: Pkcs11Module };

/**
 * Loads pkcs11js and the vendor's library. Opens nothing yet.
 * Throws `unavailable.pkcs11-not-installed` or `input.keystore-module`.
 */
export async function loadLibrary(path: string, load: LoadPkcs11js): Promise<Pkcs11Library> {
  let names: Pkcs11Module;
  try {
    names = await load();
  } catch (error) {
    throw new FirebreakFailure(
      'unavailable.pkcs11-not-installed',
      'the optional package pkcs11js is not installed or was not built here',
      {},
      { cause: error },
    );
  }
  const calls = new names.PKCS11();
  try {
    calls.load(path);
  } catch (error) {
    throw new FirebreakFailure(
      'input.keystore-module',
      `${path} is not a PKCS#11 library that loads here`,
      {},
      { cause: error },
    );
  }
  return { calls, names };
}

/**
 * Initialises the library once per process: another instance, also in another thread, may have done it already.
 * Throws `input.keystore-module`.
 */
export function initialise({ calls, names }: Pkcs11Library, path: string): void {
  try {
    calls.C_Initialize({ flags: names.CKF_OS_LOCKING_OK });
  } catch (error) {
    if (ckrOf(error) === CKR.CRYPTOKI_ALREADY_INITIALIZED) return;
    throw new FirebreakFailure(
      'input.keystore-module',
      `${path} does not initialise (${ckrText(error)}); check the vendor’s own configuration`,
    );
  }
}

/**
 * Makes the library look at its slots afresh: some (SoftHSM2 among them) never see a token again that was away.
 * Sessions of other instances in this process are lost by it; they log in again as after any loss.
 */
export function reinitialise(library: Pkcs11Library, path: string): void {
  try {
    library.calls.C_Finalize();
  } catch {
    // not initialised any more, which is what we wanted
  }
  initialise(library, path);
}
