import { activeKey } from '../cli/key/keys.ts';
import { readOperator } from '../cli/operator.ts';
import { emergencyLines } from './emergency/lines.ts';
import type { EmergencyStage } from './emergency/stage.ts';
import { emergencySteps } from './emergency/steps.ts';
import { keepOneCopy, takeCopies } from './emergency/theft.ts';
import { given, keySteps, payoutSteps, type Stage, timelineOf, vaultSteps } from './demonstration.ts';
import { type Freeze, skippedLines } from './freeze.ts';
import type { Network } from './network.ts';
import type { Step } from './steps.ts';

export type Telling = {
  readonly network: Network;
  readonly stage: Stage;
  /** Whether the coordinator is killed on the way. */
  readonly kill: boolean;
  /** Whether an emergency follows the payout. */
  readonly emergency: boolean;
  readonly run: (steps: readonly Step[]) => Promise<void>;
  readonly say: (line: string) => void;
  readonly freezeNow: () => Promise<Freeze | undefined>;
};

/**
 * The demonstration from key to payout. On a frozen network the payout is left out, as it is when a freeze comes while it runs: a
 * brake that works is no reason to take the network down. Gives the freeze that was in the way.
 */
export async function tell(telling: Telling): Promise<Freeze | undefined> {
  const { network, stage, kill, run, say, freezeNow } = telling;
  const leftOut = (freeze: Freeze): Freeze => {
    for (const line of skippedLines(freeze)) say(line);
    return freeze;
  };
  await run(keySteps(network, stage));
  const before = await freezeNow();
  if (before !== undefined) return leftOut(before);
  const emergency = telling.emergency && (await isFirstKey(telling));
  await run(vaultSteps(network, stage));
  for (const line of stage.vault?.lines ?? []) say(line);
  try {
    if (emergency) takeCopies(network);
    await run(payoutSteps(network, stage, kill));
  } catch (error) {
    const meanwhile = network.signal.aborted ? undefined : await freezeNow();
    if (meanwhile === undefined) throw error;
    return leftOut(meanwhile);
  }
  for (const line of timelineOf(stage)) say(line);
  if (emergency) await tellEmergency(telling);
  return undefined;
}

/** The emergency is shown once per network: afterwards the suspect is out of the key and nobody is spare. */
async function isFirstKey({ network, stage, say }: Telling): Promise<boolean> {
  const { key } = await activeKey(given(stage.client, 'the client'), readOperator(network.layout.root));
  if (key.epoch > 1)
    say(`the emergency has been here: key ${key.epoch} is in use. --data <another folder> shows it again`);
  return key.epoch === 1;
}

/** The platform's real job. */
async function tellEmergency({ network, stage, kill, run, say }: Telling): Promise<void> {
  const emergency: EmergencyStage = {
    network,
    client: given(stage.client, 'the client'),
    chain: given(stage.chain, 'the chain'),
    node: given(stage.node, 'the node'),
    suspect: keepOneCopy(network, given(stage.paid, 'the payout').result.signers),
    kill,
    held: [],
    acts: [],
  };
  await run(emergencySteps(emergency));
  for (const line of emergencyLines(emergency)) say(line);
}
