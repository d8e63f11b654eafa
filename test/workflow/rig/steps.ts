import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Outpoint, Terms } from '../../../domain/vault/terms.ts';
import { GENERATE_KEY, type GenerateKeyResult, startGenerateKey } from '../../../workflows/generate-key/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../../workflows/open-vault/messages.ts';
import { AMOUNT_SATS, signedTerms, type TestWorld } from './world.ts';

export type OpenVault = Extract<OpenVaultResult, { outcome: 'open' }>;

let epochs = 1_000;

/** A key and a vault by the real processes: what most scenarios begin with. */
export async function openVault(
  env: TestWorkflowEnvironment,
  world: TestWorld,
  taskQueue: string,
  change: Partial<Terms> = {},
  epoch: number = (epochs +=
    1),
): Promise<OpenVault> {
  const { workflow } = env.client;
  const network = world.deps.genesis.name;
  const keygen = await workflow.start(GENERATE_KEY, startGenerateKey({ network, epoch, purpose: 'test' }, taskQueue));
  const made = (await keygen.result()) as GenerateKeyResult;
  if (made.outcome !== 'active') throw new Error(made.refusal.message);
  const input = { network, signedTerms: signedTerms(world, change), key: made.key, watchFromHeight: 1 };
  const opening = await workflow.start(OPEN_VAULT, startOpenVault(input, taskQueue));
  const opened = (await opening.result()) as OpenVaultResult;
  if (opened.outcome !== 'open') throw new Error(opened.refusal.message);
  return opened;
}

/** Coins in the vault, `depth` blocks deep; nobody has watched its script, as after the loss of a chain index. */
export async function deposit(
  world: TestWorld,
  script: string,
  depth: number,
  amountSats = AMOUNT_SATS,
): Promise<Outpoint> {
  const outpoint = await world.dev.fund(script, amountSats);
  await world.dev.mine(depth);
  return outpoint;
}
