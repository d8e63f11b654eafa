import { expect } from '@jest/globals';
import type { Activities } from '../../../../activities/activities.ts';
import {
  GENERATE_KEY,
  type GenerateKeyPhase,
  type GenerateKeyResult,
  startGenerateKey,
} from '../../../../workflows/generate-key/messages.ts';
import {
  OPEN_VAULT,
  type OpenVaultPhase,
  type OpenVaultResult,
  startOpenVault,
} from '../../../../workflows/open-vault/messages.ts';
import { signedTerms } from '../../rig/world.ts';
import { OVER, type Row, type Way } from './cells.ts';
import { type Lane, reorganise } from './lane.ts';

const NO_ADDRESS = 'no address is shown yet, nobody can have paid in';
const NO_CHAIN = 'a key is made without a look at the chain; no coin is near it';

/** How a process that was started ends; awaited apart from its start. */
type Begun = { readonly ended: Promise<string> };
type Begin = (lane: Lane) => Promise<Begun>;

/** The chain moves under a process that does not look at it. */
const held =
  (begin: Begin, activity: keyof Activities, when?: (input: unknown) => boolean): Way['run'] =>
  async (lane, depth, fate) => {
    lane.holds.hold(activity, when);
    const { ended } = await begin(lane);
    ended.catch(() => undefined);
    await lane.holds.entered(activity);
    await reorganise(lane, depth, fate);
    lane.holds.letGo();
    return ended;
  };

async function opening({ env, world, taskQueue, key }: Lane): Promise<Begun> {
  const input = { network: world.deps.genesis.name, signedTerms: signedTerms(world), key, watchFromHeight: 1 };
  const handle = await env.client.workflow.start(OPEN_VAULT, startOpenVault(input, taskQueue));
  return { ended: endOf<OpenVaultResult>(handle, 'open') };
}

async function generating(lane: Lane): Promise<Begun> {
  const { env, world, taskQueue } = lane;
  const input = { network: world.deps.genesis.name, epoch: lane.key.epoch + 1, purpose: 'test' };
  const handle = await env.client.workflow.start(GENERATE_KEY, startGenerateKey(input, taskQueue));
  return {
    ended: endOf<GenerateKeyResult>(handle, 'active', (made) => {
      if (made.outcome === 'active') ({ key: lane.key } = made);
    }),
  };
}

async function endOf<T extends { readonly outcome: string }>(
  handle: { result(): Promise<unknown> },
  wanted: T['outcome'],
  then: (result: T) => void = () => undefined,
): Promise<string> {
  const result = (await handle.result()) as T;
  expect(result.outcome).toBe(wanted);
  then(result);
  return result.outcome;
}

const vaultRow = (activity: keyof Activities): Row => ({
  kept: { run: held(opening, activity) },
  moved: NO_ADDRESS,
  'double-spent': NO_ADDRESS,
  'payout orphaned': NO_ADDRESS,
});
const keyRow = (activity: keyof Activities, when?: (input: unknown) => boolean): Row => ({
  kept: { run: held(generating, activity, when) },
  moved: NO_CHAIN,
  'double-spent': NO_CHAIN,
  'payout orphaned': NO_CHAIN,
});
const over: Row = { kept: OVER, moved: OVER, 'double-spent': OVER, 'payout orphaned': OVER };

export const openVaultRows: Readonly<Record<OpenVaultPhase, Row>> = {
  'registering-terms': vaultRow('registerVault'),
  certificate: vaultRow('askCertificateHeld'),
  'holding-terms': vaultRow('askTermsHeld'),
  open: over,
  refused: over,
};

const inRound =
  (round: string) =>
  (input: unknown): boolean =>
    (input as { readonly round?: string }).round === round;

export const generateKeyRows: Readonly<Record<GenerateKeyPhase, Row>> = {
  commitments: keyRow('proposeKey'),
  shares: keyRow('askKeygenRound', inRound('shares')),
  transcript: keyRow('askKeygenRound', inRound('transcript')),
  certificate: keyRow('askCertificateHeld'),
  'self-test': keyRow('askSelfTestCommitments'),
  activation: keyRow('askActivation'),
  active: over,
  failed: over,
};
