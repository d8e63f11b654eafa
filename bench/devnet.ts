import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { type DevnetChain, type Network, startBitcoin, startTemporal, startValidators } from '../devnet/network.ts';
import { portPlan, takenPorts } from '../devnet/ports.ts';
import { connectClient } from '../devnet/story.ts';
import { openNetwork, prepare, prepareFiles } from '../devnet/up.ts';
import type { Setting } from './measure.ts';
import { WorkerPair } from './worker-pair.ts';

/** Away from the ports that people use, and from each other by more than one network needs. */
const PORT_BASES = Array.from({ length: 12 }, (_unused, index) => 27_233 + 200 * index);

/** A base of which every port is free right now. */
export async function freePortBase(): Promise<number> {
  for (const base of PORT_BASES) if ((await takenPorts(portPlan(base))).length === 0) return base;
  throw new Error(`every port base from ${PORT_BASES[0]} to ${PORT_BASES.at(-1)} is in use`);
}

/** A fresh folder for the length of `work`. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A new network, written to a fresh folder and not started; whatever is started on it is stopped at the end, also of a failure. */
export const withNetwork = <T>(
  { signal }: Pick<Setting, 'signal'>,
  work: (network: Network) => Promise<T>,
): Promise<T> =>
  withFolder(async (data) => {
    const portBase = await freePortBase();
    const prepared = await prepare({
      verb: 'up',
      data,
      once: true,
      keystore: 'auto',
      portBase,
      kill: false,
      story: true,
      emergency: false,
    });
    try {
      const network = openNetwork(prepared, signal, () => undefined);
      try {
        await prepareFiles(prepared);
        return await work(network);
      } finally {
        await network.supervisor.stop();
      }
    } finally {
      prepared.release();
    }
  });

export type Running = {
  readonly network: Network;
  readonly chain: DevnetChain;
  readonly client: Client;
  readonly workers: WorkerPair;
};

/** The whole network of `npm start`, its workers such that can be killed as often as a measure likes. */
export const withRunningNetwork = <T>(
  setting: Pick<Setting, 'say' | 'signal'>,
  work: (running: Running) => Promise<T>,
): Promise<T> =>
  withNetwork(setting, async (network) => {
    await startTemporal(network);
    const { chain } = await startBitcoin(network);
    await startValidators(network, () => undefined);
    const workers = new WorkerPair(network);
    try {
      await workers.start();
      setting.say('network is up');
      const { client, close } = await connectClient(network);
      try {
        return await work({ network, chain, client, workers });
      } finally {
        await close();
      }
    } finally {
      await workers.stop();
    }
  });
