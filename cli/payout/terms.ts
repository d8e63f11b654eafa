import type { VaultEvidence } from '../../domain/ceremony/evidence.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type Terms, type VaultId, vaultIdOf } from '../../domain/vault/terms.ts';
import { readBlobJson } from '../blobs.ts';
import { evidenceFrom } from '../ceremony/document.ts';
import type { Operator } from '../operator.ts';
import type { OpenVault } from '../vault/find.ts';

/** The terms that the vault's own id is the digest of, wherever they were kept. */
export async function recordedTerms(operator: Operator, { evidence }: OpenVault, vault: VaultId): Promise<Terms> {
  const document = evidenceFrom(await readBlobJson(operator, evidence), 'vault', 'vault evidence') as VaultEvidence;
  const { terms } = document.terms;
  if (vaultIdOf(terms) === vault) return terms;
  throw new FirebreakFailure(
    'policy.release-vault',
    `the terms that are kept for vault ${vault} are those of another one`,
    {
      vault,
    },
  );
}
