import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { validatorId } from '../../../domain/network/network.ts';
import { loopbackHost, loopbackNetwork, until } from '../testkit/loopback-network.ts';

test('a validator whose first address takes connections and never answers is reached at its second one', async () => {
  const silent: Socket[] = [];
  const dead = createServer((socket) => void silent.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(dead, 'listening');
  const network = await loopbackNetwork(2, 2);
  const [one, two] = [validatorId(1), validatorId(2)];
  const first = `/ip4/127.0.0.1/tcp/${(dead.address() as AddressInfo).port}`;
  const validators = network.genesis.validators.map((entry) =>
    entry.id === two ? { ...entry, addresses: [first, ...entry.addresses] } : entry,
  );
  const backoff = { firstMs: 20, lastMs: 200, dialMs: 4_000 };
  const dialler = loopbackHost({ ...network, genesis: { ...network.genesis, validators } }, one, { backoff });
  const listener = loopbackHost(network, two, { patienceMs: 3_600_000 });
  try {
    await Promise.all([dialler.start(), listener.start()]);
    await until(() => dialler.connected().includes(two), AbortSignal.timeout(80_000));
    expect(silent.length).toBeGreaterThan(0);
  } finally {
    await Promise.all([dialler.stop(), listener.stop()]);
    for (const socket of silent) socket.destroy();
    dead.close();
  }
});
