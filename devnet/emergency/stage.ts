import type { Client } from '@temporalio/client';
import type { ListedIncident } from '../../cli/incident/find.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';
import type { RunningCopy } from '../copy.ts';
import type { DevnetChain, Network } from '../network.ts';
import type { Deposit, OpenedVault } from '../story.ts';
import type { TimelineEntry } from '../timeline.ts';
import type { Times } from './evidence.ts';
import type { Handled } from './incident.ts';

/** How many vaults hold coins when it happens. */
export const VAULT_COUNT = 2;

/** What the steps of the emergency leave for each other and for the end. */
export type EmergencyStage = {
  readonly network: Network;
  readonly client: Client;
  readonly chain: DevnetChain;
  readonly node: NodeRpc;
  /** Whose folder was copied. */
  readonly suspect: ValidatorId;
  /** Whether a worker and Temporal are killed on the way. */
  readonly kill: boolean;
  readonly held: { readonly vault: OpenedVault; readonly deposit: Deposit }[];
  /** Who did what, in any order. */
  readonly acts: TimelineEntry[];
  copy?: RunningCopy;
  startedAtMs?: number;
  incident?: ListedIncident;
  /** Number of the order that freezes. */
  freeze?: number;
  /** To detect, contain and recover, by the verified evidence. */
  times?: Times;
};

export function handled({ network, client, incident }: EmergencyStage): Handled {
  if (incident !== undefined) return { network, client, incident };
  throw new FirebreakFailure('unknown-outcome.story', 'no incident is open, an earlier step did not finish');
}

export const note = (stage: EmergencyStage, who: string, what: string, atMs: number = Date.now()): void =>
  void stage.acts.push({ atMs, who, what });
