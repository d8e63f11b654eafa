import { once } from 'node:events';
import { createServer } from 'node:net';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ValidatorConfig } from './config.ts';
import { tryPort } from './http/server.ts';

/**
 * Asks for the three ports and gives them back: a first start makes a journal only after that. Throws `unavailable.port-in-use`,
 * `unavailable.http-listen` or `unavailable.listen-address`, as the parts that need them would.
 */
export async function tryPorts({ http, p2p }: Pick<ValidatorConfig, 'http' | 'p2p'>): Promise<void> {
  await tryPort(http.host, http.apiPort, 'monitoring.health_check_port');
  await tryPort(http.host, http.metricsPort, 'monitoring.metrics_port');
  await tryAddress(p2p.listen);
}

async function tryAddress(multiaddr: string): Promise<void> {
  const [, , host, , port] = multiaddr.split('/');
  const server = createServer().listen({ host, port: Number(port), exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new FirebreakFailure(
      'unavailable.listen-address',
      `cannot listen on ${multiaddr}: ${(error as Error).message}. Stop whoever uses it, or change network.p2p_listen`,
      { address: multiaddr },
      { cause: error },
    );
  }
  server.close();
  await once(server, 'close');
}
