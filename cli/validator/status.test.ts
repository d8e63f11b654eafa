import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { validatorStatus } from './status.ts';

const nowhere = { data: '/nonexistent' };
const FROZEN = {
  committee_epoch: 3,
  frozen_until_seconds: 1_800_000_000,
  frozen_by: { kind: 'break-glass', number: 2, grant: 'ab', run: 'run\u001b[2J', step: 'freeze' },
};

test('a port that web clients never ask is explained and not called bad', async () => {
  const { lines, exitCode } = await validatorStatus({ ...nowhere, url: 'http://127.0.0.1:1' });
  expect(lines.join('\n')).toContain('web clients never ask this port');
  expect(exitCode).toBe(3);
});

test.each(['nonsense', 'ftp://127.0.0.1', '127.0.0.1:7314'])('%s is no address of a validator', async (url) => {
  await expect(validatorStatus({ ...nowhere, url })).rejects.toMatchObject({ code: 'input.usage' });
});

test('an address with the path of a report reaches the same validator', async () => {
  const answers: Readonly<Record<string, unknown>> = {
    '/api/v1/health': { status: 'ready' },
    '/api/v1/status': { validator_id: 'validator-001', peer_count: 14, uptime_seconds: 7, state: 'ready', ...FROZEN },
  };
  const server = createServer((request, response) => response.end(JSON.stringify(answers[request.url ?? ''])));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const { lines } = await validatorStatus({ ...nowhere, url: `http://127.0.0.1:${port}/api/v1/status` });
    expect(lines.join('\n')).toContain('READY');
    // What a validator says goes to a terminal: nothing in it moves the cursor.
    expect(lines.join('\n')).toContain(
      'committee epoch 3, payouts FROZEN until 2027-01-15 08:00:00 UTC by break-glass 2, used by run?[2J at freeze',
    );
  } finally {
    server.close();
  }
});
