import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { multiaddr } from '@multiformats/multiaddr';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../../plugins/keystore/memory/index.ts';
import { loopbackPort } from '../../../plugins/testkit/loopback-ports.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import type { CustodyAgent } from '../agent.ts';
import { createAgent } from '../create-agent.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open.ts';
import { inProcessSigner } from '../signer/in-process.ts';
import { POLICY } from '../testkit/agents.ts';
import { TestChain } from '../testkit/chain.ts';
import {
  type LoopbackNetwork,
  loopbackHost,
  loopbackNetwork,
  silentLogger,
  until,
} from '../testkit/loopback-network.ts';
import type { CustodyHost } from './host.ts';
import type { CustodyNode } from './node.ts';

type Process = {
  readonly agent: CustodyAgent;
  readonly host: CustodyHost;
  readonly folder: string;
  /** Announcements by the identity that made them. */
  readonly heard: ReadonlyMap<string, number>;
  stop(): Promise<void>;
};

let root = '';
let network: LoopbackNetwork;
let processes: Process[] = [];
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'firebreak-roll-call-'));
  network = await loopbackNetwork(4, 3);
  for (const { id } of network.genesis.validators) await startProcess(id, mkdtempSync(join(root, `${id}-`)));
});
afterEach(async () => {
  await Promise.all(processes.map((process) => process.stop()));
  processes = [];
  rmSync(root, { recursive: true, force: true });
});

async function startProcess(self: ValidatorId, folder: string, listen?: string): Promise<Process> {
  const identity = network.identities.get(self);
  if (identity === undefined) throw new Error(`the loopback network has no validator ${self}`);
  const journal: Journal = openJournal(folder);
  const keystore = memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  const signer = inProcessSigner({ self, suite: signingSuite, keystore });
  const chain = new TestChain();
  const agent = createAgent({
    genesis: network.genesis,
    self,
    identity,
    journal,
    chain: chain.view(),
    codec: transactionCodec('regtest'),
    fees: chain.fees(),
    signer,
    policy: POLICY,
    clock: Date.now,
    logger: silentLogger,
    version: 'test',
  });
  agent.setState('ready', []);
  const heard = new Map<string, number>();
  const host = loopbackHost(network, self, {
    agent: {
      ...agent,
      hear: (announcement, author) => {
        heard.set(author, (heard.get(author) ?? 0) + 1);
        return agent.hear(announcement, author);
      },
    },
    rollCallMs: 50,
    // Only a roll call may mend anything here.
    deafMs: 600_000,
    announceMs: 200,
    patienceMs: 0,
    ...(listen === undefined ? {} : { listen }),
  });
  await host.start();
  const stop = async (): Promise<void> => {
    await host.stop();
    await agent.stop();
    await signer.stop();
    journal.close();
  };
  const process = { agent, host, folder, heard, stop };
  processes.push(process);
  return process;
}

const processOf = (id: number): Process => {
  const process = processes[id - 1];
  if (process === undefined) throw new Error(`validator ${id} does not run`);
  return process;
};
async function dialOnceMore({ host }: Process, to: Process): Promise<void> {
  const { node } = host as unknown as { readonly node: CustodyNode };
  const connection = await node.dial(to.host.addresses().map(multiaddr), { force: true });
  expect(node.getConnections(connection.remotePeer).length).toBeGreaterThan(1);
}
/** Announcements of one validator that another one has heard. */
const heardOf = (author: number, by: number): number =>
  processOf(by).heard.get(network.genesis.validators[author - 1]?.identity ?? '') ?? 0;
const sightings = (id: number) => processOf(id).agent.report().sightings;

test('a copy of a folder that is started elsewhere is seen by all peers and by both processes, and the network heals when it stops', async () => {
  await until(() => processes.every(({ host }) => host.connected().length === 3));
  const copied = mkdtempSync(join(root, 'copy-'));
  cpSync(processOf(2).folder, copied, { recursive: true });
  const copy = await startProcess(validatorId(2), copied, `/ip4/127.0.0.1/tcp/${await loopbackPort()}`);

  for (const peer of [1, 3, 4])
    await until(() => sightings(peer).some(({ validator, addresses }) => validator === 2 && addresses === 2));
  expect(sightings(1)).toMatchObject([{ validator: 2, journals: 1, isNow: true }]);
  await until(() => [processOf(2), copy].every(({ agent }) => agent.report().state === 'degraded'));
  expect(processOf(2).agent.report().reasons[0]).toMatch(/^not-yet\.identity-twice/);
  for (const peer of [1, 3, 4]) expect(processOf(peer).agent.report().state).toBe('ready');

  // To gossip the copy is a second connection of a known peer and gets no stream. When the original restarts now, neither does it.
  const original = processOf(2);
  await original.stop();
  const again = await startProcess(validatorId(2), original.folder);
  await until(() => again.host.connected().length === 3);
  // A pair that dialled each other at once has two connections: whoever is alone is not known by having one.
  for (const peer of [1, 3, 4]) await dialOnceMore(processOf(peer), again);
  await until(() => [again, copy].every(({ agent }) => agent.report().state === 'degraded'));
  await copy.stop();
  processes = [processOf(1), again, processOf(3), processOf(4)];
  const before = heardOf(1, 2);
  await until(() => heardOf(1, 2) > before + 5);
});

test('peers that dialled each other at once have two connections to one process, and nobody is seen', async () => {
  await until(() => processes.every(({ host }) => host.connected().length === 3));
  await until(() => heardOf(2, 1) > 10 && heardOf(1, 2) > 10);
  for (const { agent } of processes) expect(agent.report().sightings).toEqual([]);
});
