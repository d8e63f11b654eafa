import { z } from 'zod';
import { failureOf } from '../../../domain/errors/failure.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import type { TermsSource } from '../../../domain/ports/terms-source.ts';
import type { SignedTerms, VaultId } from '../../../domain/vault/terms.ts';
import { judgeTerms } from '../../../domain/vault/verify-terms.ts';
import { parseSection } from '../../config-failure.ts';
import type { TermsComponents } from '../components.ts';

const schema = z.strictObject({});
export type MemoryTermsConfig = z.infer<typeof schema>;

class MemoryTerms implements TermsSource {
  readonly #genesis: TermsComponents['genesis'];
  readonly #terms = new Map<VaultId, SignedTerms>();

  constructor(components: TermsComponents) {
    this.#genesis = components.genesis;
  }

  async add(terms: SignedTerms, context: EffectContext): Promise<VaultId> {
    context.signal.throwIfAborted();
    const verdict = judgeTerms(terms, this.#genesis);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    if (!this.#terms.has(verdict.value)) this.#terms.set(verdict.value, structuredClone(terms));
    return verdict.value;
  }

  async get(vault: VaultId): Promise<SignedTerms | undefined> {
    return structuredClone(this.#terms.get(vault));
  }

  async list(): Promise<readonly VaultId[]> {
    return [...this.#terms.keys()].sort();
  }
}

/** The reference that the compliance suite is read against; everything is gone when the process ends. */
export const memory =
  (_config: MemoryTermsConfig) =>
  (components: TermsComponents): TermsSource =>
    new MemoryTerms(components);

export const plugin: Plugin<MemoryTermsConfig, TermsComponents, TermsSource> = {
  manifest: {
    kind: 'terms',
    name: 'memory',
    contractVersion: CONTRACT_VERSION,
    summary: 'Terms in this process only, for tests and for outside authors to compare with',
    capabilities: [],
    irreversible: [],
    configSchema: z.toJSONSchema(schema, { io: 'input' }),
  },
  parse: (input, where) => parseSection(schema, input, where),
  create: memory,
};
