import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { libp2p } from '../../plugins/network/libp2p/index.ts';
import { memory } from '../../plugins/network/memory/index.ts';
import { type NetworkHandler, networkCompliance, type NetworkUnderTest } from '../../plugins/testkit/network.ts';
import type { CustodyHost } from '../../validator/custody/p2p/host.ts';
import { agreeable, loopbackHost, loopbackNetwork } from '../../validator/custody/testkit/loopback-network.ts';
import { identityHex } from '../../wire/stream/host-identity.ts';

networkCompliance('memory', async () => {
  const handlers = new Map<ValidatorId, NetworkHandler>();
  const peer = 'ab'.repeat(32);
  return {
    network: memory({})({ handlers, peer }),
    peer,
    behave: async (validator, handler) => {
      if (handler === undefined) handlers.delete(validator);
      else handlers.set(validator, handler);
    },
    stop: async () => undefined,
  };
});

networkCompliance('libp2p', overLoopback);

/** Five real hosts on loopback; a host without a handler is stopped. */
async function overLoopback(): Promise<NetworkUnderTest> {
  const loopback = await loopbackNetwork(5, 3);
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-network-'));
  const identityFile = join(folder, 'identity.key');
  writeFileSync(identityFile, loopback.coordinator.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const network = libp2p({ identityFile, dialTimeoutMs: 3_000, reconnectMsMax: 500 })({ genesis: loopback.genesis });
  const handlers = new Map<ValidatorId, NetworkHandler>();
  const hosts = new Map<ValidatorId, CustodyHost>();
  const up = async (id: ValidatorId): Promise<void> => {
    const handle: NetworkHandler = (request, peer) => (handlers.get(id) ?? neverAsked)(request, peer);
    const host = loopbackHost(loopback, id, { agent: { ...agreeable(), handle } });
    hosts.set(id, host);
    await host.start();
  };
  for (const entry of loopback.genesis.validators) await up(validatorId(entry.id));
  await network.start?.(new AbortController().signal);
  return {
    network,
    peer: identityHex(loopback.coordinator),
    behave: async (validator, handler) => {
      if (handler === undefined) {
        await hosts.get(validator)?.stop();
        hosts.delete(validator);
        return;
      }
      handlers.set(validator, handler);
      if (!hosts.has(validator)) await up(validator);
    },
    stop: async () => {
      await network.stop?.();
      for (const host of hosts.values()) await host.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const neverAsked: NetworkHandler = async () => {
  throw new Error('no handler yet');
};
