import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A data folder whose validators say over HTTP that they follow `epochs`, one each, as they stand when they are asked. */
export async function epochSayers(data: string, epochs: readonly number[]): Promise<{ close(): void }> {
  const servers = epochs.map((_epoch, index) =>
    createServer((request, response) =>
      response.end(
        JSON.stringify(
          request.url?.endsWith('/health')
            ? { status: 'ready' }
            : { validator_id: 'v', peer_count: 1, uptime_seconds: 1, committee_epoch: epochs[index] },
        ),
      ),
    ).listen(0, '127.0.0.1'),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const validators = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const temporal = { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'nobody' };
  const operator = { version: 1, network: 'network.json', identity: 'id.key', grants: 'grants', temporal, validators };
  writeFileSync(join(data, 'operator.json'), JSON.stringify(operator));
  return { close: () => servers.forEach((server) => server.close()) };
}
