import { expect, test } from '@jest/globals';
import { Link } from '../../../devnet/links/link.ts';
import { validatorId } from '../../../domain/network/network.ts';
import { attentive, loopbackHost, loopbackNetwork, talkative, until } from '../testkit/loopback-network.ts';

const DELAY_MS = 250;
/** A ping takes two round trips: a new one begins while two are on their way. */
const monitor = { pingInterval: 400, pingTimeout: { minTimeout: 20_000, maxTimeout: 20_000 } };
const HEARD = 20;

type Closing = { readonly node: { addEventListener(name: 'connection:close', listener: () => void): void } };

test('a peer that answers later than pings are apart is not hung up on, and its latency is known', async () => {
  const network = await loopbackNetwork(2, 2);
  const [one, two] = [validatorId(1), validatorId(2)];
  const port = Number(/\/tcp\/(\d+)/.exec(network.genesis.validators[1]?.addresses[0] ?? '')?.[1]);
  const link = await Link.open(port, () => 1);
  const validators = network.genesis.validators.map((entry) =>
    entry.id === two ? { ...entry, addresses: [`/ip4/127.0.0.1/tcp/${link.port}`] } : entry,
  );
  const { agent, heard } = attentive();
  const dialler = loopbackHost({ ...network, genesis: { ...network.genesis, validators } }, one, {
    monitor,
    latencyMs: 100,
    agent,
  });
  const listener = loopbackHost(network, two, {
    monitor,
    patienceMs: 3_600_000,
    announceMs: 300,
    agent: talkative(),
  });
  try {
    await Promise.all([dialler.start(), listener.start()]);
    await until(() => dialler.connected().includes(two));
    let closed = 0;
    (dialler as unknown as Closing).node.addEventListener('connection:close', () => void (closed += 1));
    for (const way of ['there', 'back'] as const) link.impose('far away', way, { delayMs: DELAY_MS });
    await until(() => heard() >= HEARD, AbortSignal.timeout(50_000));
    expect(closed).toBe(0);
    expect(dialler.latencies([1]).get(two)?.[0]).toBeGreaterThan(DELAY_MS);
  } finally {
    await Promise.all([dialler.stop(), listener.stop()]);
    await link.close();
  }
});
