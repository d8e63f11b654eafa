import type { ValidatorId } from '../domain/network/network.ts';
import type { SignedTerms, VaultId } from '../domain/vault/terms.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import { requestBytes } from './asking.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { KeyReference } from './keygen.ts';

const HAND_MS = 4_000;

export const holdTermsRequest = (
  deps: Pick<ActivityDependencies, 'genesis'>,
  input: { signedTerms: SignedTerms; key: KeyReference; watchFromHeight: number },
): Uint8Array =>
  requestBytes(deps, {
    case: 'holdTerms',
    value: {
      signedTerms: encodeDocument(input.signedTerms),
      keyset: input.key.keyset,
      watchFromHeight: input.watchFromHeight,
    },
  });

/** Hands the terms to validators that lack them, in passing: what they answer is not looked at, they are asked again anyway. */
export async function handTerms(
  deps: ActivityDependencies,
  now: Attempt,
  input: { vault: VaultId; key: KeyReference; watchFromHeight: number },
  validators: readonly ValidatorId[],
): Promise<void> {
  const signedTerms = await deps.terms.get(input.vault);
  if (signedTerms === undefined) return;
  const request = holdTermsRequest(deps, { ...input, signedTerms });
  const { idempotencyKey, signal } = now;
  const context = { idempotencyKey: `${idempotencyKey}/terms`, signal, deadlineMs: deps.clock() + HAND_MS };
  await deps.network.askMany(new Map(validators.map((validator) => [validator, request])), context);
}
