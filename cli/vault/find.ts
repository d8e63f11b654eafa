import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { VaultId } from '../../domain/vault/terms.ts';
import { OPEN_VAULT, type OpenVaultResult, openVaultId } from '../../workflows/open-vault/messages.ts';
import type { Operator } from '../operator.ts';
import { requirePrefix, WHOLE } from './prefix.ts';

const VAULTS_MAX = 10_000;
const NAMED_MAX = 5;

/** Ids of every vault that was opened in this network, newest first. */
export async function vaultIds(client: Client, operator: Operator): Promise<readonly VaultId[]> {
  const found = new Set<VaultId>();
  const query = `WorkflowType = '${OPEN_VAULT}' AND Network = '${operator.genesis.name}'`;
  for await (const run of client.workflow.list({ query })) {
    found.add((run.workflowId.split('/').at(-1) ?? '') as VaultId);
    if (found.size >= VAULTS_MAX) break;
  }
  return [...found];
}

/**
 * The one vault whose id begins with `text`, a whole id or at least its first 8 characters. An id that begins like another is
 * cheap to make, so whatever acts on the answer shows it in full. Throws `input.unknown-vault`.
 */
export async function findVault(client: Client, operator: Operator, text: string): Promise<VaultId> {
  requirePrefix(text);
  if (text.length === WHOLE) return text as VaultId;
  const matches = (await vaultIds(client, operator)).filter((id) => id.startsWith(text));
  const [only] = matches;
  if (only === undefined || matches.length > 1) {
    throw new FirebreakFailure(
      'input.unknown-vault',
      matches.length === 0
        ? `no vault of ${operator.genesis.name} begins with ${text}`
        : `${matches.length} vaults of ${operator.genesis.name} begin with ${text}, write the whole id: ${matches.slice(0, NAMED_MAX).join(', ')}`,
    );
  }
  return only;
}

export type OpenVault = Extract<OpenVaultResult, { outcome: 'open' }>;

/** What the process that opened a vault left behind; a claim to be checked, never shown by itself. */
export async function openedVault(client: Client, operator: Operator, vault: VaultId): Promise<OpenVault> {
  const result = await openingOf(client, operator, vault);
  if (result.outcome === 'open') return result;
  throw new FirebreakFailure(result.refusal.code, `vault ${vault}: ${result.refusal.message}`, result.refusal.details);
}

/** A whole id is taken as it is, so that nobody has opened it is found here. */
async function openingOf(client: Client, operator: Operator, vault: VaultId): Promise<OpenVaultResult> {
  try {
    return (await client.workflow.getHandle(openVaultId(operator.genesis.name, vault)).result()) as OpenVaultResult;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new FirebreakFailure('input.unknown-vault', `no vault ${vault} was opened in ${operator.genesis.name}`);
  }
}
