import type { SignedTerms, VaultId } from '../vault/terms.ts';
import type { EffectContext, LifeCycle } from './context.ts';

/** What may be signed for a vault. Only terms whose owner signature verifies are ever stored or returned. */
export type TermsSource = LifeCycle & {
  add(terms: SignedTerms, context: EffectContext): Promise<VaultId>;
  get(vault: VaultId): Promise<SignedTerms | undefined>;
  list(): Promise<readonly VaultId[]>;
};
