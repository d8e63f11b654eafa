import type { ValidatorId } from '../../domain/network/network.ts';
import type { SignerCommitment, SigningSuite, VaultTweak, VerifyingSuite } from '../suite.ts';
import type { TestKeyset } from './keyset.ts';

export type SuitePair = { readonly verifying: VerifyingSuite; readonly signing: SigningSuite };

export const shareOf = (keyset: TestKeyset, id: ValidatorId): Uint8Array => {
  const share = keyset.shares[keyset.key.participants.indexOf(id)];
  if (share === undefined) throw new Error(`the test keyset has no participant ${id}`);
  return share;
};

/** Round 1 of signing by the given validators: the public list and each one's secret nonce. */
export function commitAll({ signing }: Pick<SuitePair, 'signing'>, keyset: TestKeyset, ids: readonly ValidatorId[]) {
  const secrets = new Map<ValidatorId, Uint8Array>();
  const signers = ids.map((validator): SignerCommitment => {
    const { secret, nonces } = signing.commit(shareOf(keyset, validator), validator);
    secrets.set(validator, secret);
    return { validator, nonces };
  });
  return { signers, secrets };
}

/** Both rounds of signing by the given validators, nothing aggregated. */
export function signAll(
  pair: SuitePair,
  keyset: TestKeyset,
  ids: readonly ValidatorId[],
  tweak: VaultTweak | undefined,
  message: Uint8Array,
) {
  const { signers, secrets } = commitAll(pair, keyset, ids);
  const partials = new Map(
    ids.map((id): [ValidatorId, Uint8Array] => [
      id,
      pair.signing.signShare(
        keyset.key,
        tweak,
        id,
        shareOf(keyset, id),
        secrets.get(id) ?? new Uint8Array(64),
        signers,
        message,
      ),
    ]),
  );
  return { signers, partials };
}
