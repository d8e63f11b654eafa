import type { ChainStatus } from '../../domain/ports/chain.ts';
import type { Environment, NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import type { AgentReport, CustodyAgent, SessionReport } from '../custody/agent.ts';
import type { TransportCounters } from '../custody/p2p/counters.ts';

/** Everything that the HTTP side may look at; nothing in it changes anything. */
export type ValidatorView = {
  readonly self: ValidatorId;
  readonly genesis: Pick<NetworkGenesis, 'name' | 'threshold' | 'validators'> & { readonly environment: Environment };
  readonly version: string;
  readonly startedAtMs: number;
  readonly dataDir: string;
  readonly clock: () => number;
  chain(): ChainStatus;
  report(): AgentReport;
  freezesLeft(): number;
  session: CustodyAgent['session'];
  sessions(limit: number): readonly SessionReport[];
  readonly transport: {
    connected(): readonly ValidatorId[];
    connections(): number;
    orderStatesKnown(): number;
    counters(): TransportCounters;
    latencies(quantiles: readonly number[]): ReadonlyMap<ValidatorId, readonly number[]>;
  };
  keyUses(): Readonly<Record<'opened' | 'refused', number>>;
};
