import type { Digest } from '../../../domain/encoding/digest.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import { signedBy } from '../../../domain/committee/member-key.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { readSecret } from '../secret-source.ts';
import { CKM_EDDSA } from './edwards.ts';
import { initialise, loadLibrary, type LoadPkcs11js, loadPkcs11js } from './library.ts';
import { CKR, ckrOf, ckrText, isLost } from './return-values.ts';
import { TokenSession } from './session.ts';
import { findSigningKey, generateSigningKey, type SigningKey } from './signing-key.ts';
import type { TokenKeyUri } from './token-uri.ts';

const SIGNATURE_BYTES = 64;

/**
 * An Ed25519 key that signs inside its token. It logs in once, when it is opened, and never by itself again; what it signs is given
 * out only if it fits the public key, by the rules of those who will check it.
 */
export class TokenSigner {
  /** 32 bytes in hex. */
  readonly publicKey: string;
  readonly #session: TokenSession;
  readonly #key: SigningKey;
  /** Kept only for a key that asks each time. */
  readonly #pin: string | undefined;

  private constructor(session: TokenSession, key: SigningKey, pin: string) {
    this.publicKey = key.publicKey;
    this.#session = session;
    this.#key = key;
    this.#pin = key.asksEachTime ? pin : undefined;
  }

  /** Throws what `TokenSession.open` and `findSigningKey` throw, and `input.keystore-module`, `input.keystore-secret-source`. */
  static async open(uri: TokenKeyUri, load = loadPkcs11js): Promise<TokenSigner> {
    const { session, pin } = await login(uri, load);
    try {
      const key = session.use((library, handle) => findSigningKey({ library, session: handle }, uri.key));
      return new TokenSigner(session, key, pin);
    } catch (error) {
      session.close();
      throw named(error, 'look for the key');
    }
  }

  /** Makes the key that the URI names, in the token. Throws as `open` does, and `input.token-key-exists`. */
  static async make(uri: TokenKeyUri, load = loadPkcs11js): Promise<void> {
    const { label, id } = uri.key;
    if (label === undefined)
      throw new FirebreakFailure('input.token-uri', 'the pkcs11: URI of a new key names it by object=<label>');
    const { session } = await login(uri, load);
    try {
      session.use((library, handle) => generateSigningKey({ library, session: handle }, label, id));
    } catch (error) {
      throw named(error, 'make an Ed25519 key');
    } finally {
      session.close();
    }
  }

  /** The signature over the 32 bytes of the digest, hex. Throws `policy.token-signature`, `unavailable.keystore-locked`, `unavailable.token-refused`. */
  sign(digest: Digest): string {
    const signature = this.#session.use(({ calls, names }, handle) => {
      try {
        calls.C_SignInit(handle, { mechanism: CKM_EDDSA }, this.#key.handle);
        if (this.#key.asksEachTime) calls.C_Login(handle, names.CKU_CONTEXT_SPECIFIC, this.#pin);
        const message = Buffer.from(fromHex(digest, 'digest', 32));
        return calls.C_Sign(handle, message, Buffer.alloc(SIGNATURE_BYTES)).toString('hex');
      } catch (error) {
        throw named(error, 'sign');
      }
    });
    if (signedBy({ key: this.publicKey }, digest, signature)) return signature;
    throw new FirebreakFailure(
      'policy.token-signature',
      `what the token signed does not fit the public key ${this.publicKey} beside the private one`,
    );
  }

  close(): void {
    this.#session.close();
  }
}

async function login(
  uri: TokenKeyUri,
  load: LoadPkcs11js,
): Promise<{ readonly session: TokenSession; readonly pin: string }> {
  const library = await loadLibrary(uri.module, load);
  initialise(library, uri.module);
  const pin = await readSecret(uri.pin);
  return { session: TokenSession.open(library, { token: { by: 'traits', ...uri.token } }, pin), pin };
}

function named(error: unknown, doing: string): FirebreakFailure {
  if (error instanceof FirebreakFailure) return error;
  if (isLost(error))
    return new FirebreakFailure(
      'unavailable.keystore-locked',
      'the session with the token was lost',
      {},
      { cause: error },
    );
  if (ckrOf(error) === CKR.MECHANISM_INVALID) {
    return new FirebreakFailure(
      'input.token-key-algorithm',
      `the token cannot ${doing}: it has no CKM_EDDSA, which PKCS#11 brought in with 3.0`,
    );
  }
  return new FirebreakFailure('unavailable.token-refused', `the token does not ${doing} (${ckrText(error)})`);
}
