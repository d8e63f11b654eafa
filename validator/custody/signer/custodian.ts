import { keysetOf, type PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import { documentDigest, TAGS } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { KeyStore, SealLabel } from '../../../domain/ports/keystore.ts';
import { shareBelongs } from '../../../threshold/session/suite.ts';
import type { SigningSuite } from '../../../threshold/suite.ts';
import { KeygenSessions } from './keygen-sessions.ts';
import { NoncePool } from './nonces.ts';
import type { PartialInput, SignerOperations } from './operations.ts';

export type CustodianOptions = {
  readonly self: ValidatorId;
  readonly suite: SigningSuite;
  readonly keystore: KeyStore;
  readonly noncesMax?: number;
  readonly keygensMax?: number;
};

/** Pairs; an abandoned ceremony leaves its pairs behind until newer ones push them out. */
const NONCES_MAX = 4_096;
const KEYGENS_MAX = 4;
const PACKAGES_MAX = 16;

/** The holder of every secret: keystore, nonces, half-made keys. A share is open only within one call and zeroed at its end. */
export function createCustodian(options: CustodianOptions): SignerOperations & { eraseAll(): void } {
  const { self, suite, keystore } = options;
  const keygens = new KeygenSessions(suite, self, options.keygensMax ?? KEYGENS_MAX);
  const pool = new NoncePool(options.noncesMax ?? NONCES_MAX);
  const packages = new Map<string, PublicKeyPackage>();
  const identityLabel: SealLabel = { keyset: 'identity', epoch: 0, validator: self };

  /** Parsed points are remembered per object, and every call brings a new copy of the same package. */
  function known(key: PublicKeyPackage): PublicKeyPackage {
    const name = documentDigest(TAGS.certificate, key);
    const found = packages.get(name) ?? key;
    packages.set(name, found);
    const [oldest] = packages.keys();
    if (packages.size > PACKAGES_MAX && oldest !== undefined) packages.delete(oldest);
    return found;
  }

  async function withShare<T>(
    key: PublicKeyPackage,
    sealed: Uint8Array,
    purpose: string,
    use: (share: Uint8Array) => T,
  ): Promise<T> {
    const share = await keystore.unseal(sealed, { keyset: key.keyset, epoch: key.epoch, validator: self }, purpose);
    try {
      if (!shareBelongs(key, self, share)) {
        throw new FirebreakFailure('policy.share-mismatch', `the sealed share is not that of keyset ${key.keyset}`);
      }
      return use(share);
    } finally {
      share.fill(0);
    }
  }

  return {
    startKeygen: async (context) => keygens.start(context),
    keygenShares: async (ceremony, openings) => keygens.shares(ceremony, openings),
    async finishKeygen(ceremony, mine, transcript) {
      const finished = keygens.finish(ceremony, mine, transcript);
      if ('disputed' in finished) return finished;
      const { share, groupKey, verifyingShares, context } = finished;
      try {
        const label: SealLabel = { keyset: keysetOf(ceremony), epoch: context.epoch, validator: self };
        return { groupKey, verifyingShares, sealedShare: await keystore.seal(share, label) };
      } finally {
        share.fill(0);
      }
    },
    eraseKeygen: async (ceremony) => keygens.erase(ceremony),

    commit: (key, sealedShare, count, purpose) =>
      withShare(known(key), sealedShare, purpose, (share) =>
        Array.from({ length: count }, () => {
          const { secret, nonces } = suite.commit(share, self);
          pool.put(nonces, secret);
          return nonces;
        }),
      ),

    async sign(sent, sealedShare, inputs, purpose) {
      const key = known(sent);
      // All leave the pool before anything can fail: what was offered once is never offered again.
      const secrets = inputs.map((input) => pool.take(input.own));
      try {
        return await withShare(key, sealedShare, purpose, (share) =>
          inputs.map((input, at) => signOne(input, secrets[at], key, share)),
        );
      } finally {
        for (const secret of secrets) secret?.fill(0);
      }
    },

    sealIdentity: (secret) => keystore.seal(secret, identityLabel),
    unsealIdentity: (sealed) => keystore.unseal(sealed, identityLabel, 'host identity'),
    eraseAll() {
      keygens.eraseAll();
      pool.erase();
    },
  };

  function signOne(
    { tweak, signers, message }: PartialInput,
    secret: Uint8Array | undefined,
    key: PublicKeyPackage,
    share: Uint8Array,
  ): Uint8Array {
    if (secret === undefined) {
      throw new FirebreakFailure('conflict.nonce-unknown', `a commitment of this request has no nonce here any more`);
    }
    return suite.signShare(key, tweak, self, share, secret, signers, message);
  }
}
