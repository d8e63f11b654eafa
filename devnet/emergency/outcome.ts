import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { validatorName } from '../../domain/network/network.ts';
import { spendsOf } from '../spends.ts';
import { mineWhile } from '../story.ts';
import { resultOf, untilFinished } from './incident.ts';
import { type EmergencyStage, handled, note } from './stage.ts';
import { typeVerb } from './type-verb.ts';

const KEY_MS = 480_000;
const SWEEP_MS = 600_000;
const END_MS = 300_000;

export async function newKey(stage: EmergencyStage): Promise<string> {
  await untilFinished(handled(stage), 'rotate', KEY_MS);
  note(stage, 'validators', 'made the new key');
  return requireNewKey(stage);
}

export async function swept(stage: EmergencyStage): Promise<string> {
  await mineWhile(stage.chain, stage.network.signal, untilFinished(handled(stage), 'emptied', SWEEP_MS));
  note(stage, 'validators', 'signed the sweep; it is confirmed');
  return requireSwept(stage);
}

export async function over(stage: EmergencyStage): Promise<string> {
  const result = await resultOf(handled(stage), END_MS);
  if (result.outcome === 'done') {
    note(stage, 'Firebreak', `closed the incident: ${result.end}`);
    await stage.copy?.stop();
    return result.end;
  }
  throw new FirebreakFailure(
    'unknown-outcome.story',
    `the run failed, ${result.refusal.code}: ${result.refusal.message}`,
  );
}

type Certificate = {
  readonly package: { readonly epoch: number; readonly participants: readonly number[]; readonly groupKey: string };
};

/** The newest key, by its certificate: who holds a share of it, and that the suspect does not. */
async function requireNewKey({ network, suspect }: EmergencyStage): Promise<string> {
  const { layout } = network;
  const said = await typeVerb(layout.operator.dir, ['key', 'show', '--data', layout.root]);
  const { epoch, participants, groupKey } = (said['certificate'] as Certificate).package;
  if (participants.includes(suspect))
    throw new FirebreakFailure('unknown-outcome.story', `${validatorName(suspect)} holds a share of key ${epoch}`);
  return `key ${epoch} of ${participants.length} validators, group key ${groupKey.slice(0, 18)}…`;
}

/** What the Bitcoin nodes say of each deposit: one transaction spends it. */
async function requireSwept({ node, held }: EmergencyStage): Promise<string> {
  const spends = await Promise.all(held.map(({ deposit }) => spendsOf(node, deposit.outpoint, deposit.height)));
  const wrong = spends.filter(({ length }) => length !== 1);
  if (wrong.length > 0)
    throw new FirebreakFailure(
      'unknown-outcome.story',
      `${wrong.length} of ${held.length} deposits were not swept exactly once`,
    );
  return `confirmed, ${spends.map(([txid]) => `${txid?.slice(0, 12)}…`).join(', ')}`;
}
