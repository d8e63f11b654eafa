import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCoordinatorConfig } from '../workers/config/write.ts';
import { channelSettings } from './channels.ts';
import { type Layout, WORKER_COUNT } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';
import { RPC_USER } from './validators.ts';

/** A regtest block comes when somebody asks for it, so looking often costs little and shortens the demonstration. */
const POLL_MS = 250;

/** One `coordinator.toml` per worker: own identity and chain view, shared blobs and terms. */
export function coordinatorConfigs(layout: Layout, ports: PortPlan): void {
  for (let worker = 1; worker <= WORKER_COUNT; worker += 1) {
    const text = writeCoordinatorConfig({
      genesisFile: layout.network,
      identityFile: layout.coordinator(worker).identity,
      temporal: { address: `${LOOPBACK}:${ports.temporal}` },
      bitcoin: {
        rpcUrls: [`http://${LOOPBACK}:${ports.bitcoinRpc(worker)}/`],
        rpcUser: RPC_USER,
        rpcPasswordFile: join(layout.bitcoin(worker).dir, 'rpc-password'),
        startHeight: 0,
        pollIntervalMs: POLL_MS,
      },
      blobsFolder: layout.blobs,
      termsFolder: layout.terms,
      grantsFolder: layout.grants,
      channels: channelSettings(layout, ports),
      metricsPort: ports.workerMetrics(worker),
    });
    writeFileSync(layout.coordinator(worker).config, text, { flag: 'wx', mode: 0o600 });
  }
}
