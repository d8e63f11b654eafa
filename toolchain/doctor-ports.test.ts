import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loopbackPort } from '../plugins/testkit/loopback-ports.ts';
import { LOOPBACK, namedPorts, portsFrom } from './devnet-ports.mjs';
import { checkPorts } from './doctor-ports.mjs';

let dataFolder = '';
let server = createServer();
beforeEach(() => {
  dataFolder = mkdtempSync(path.join(tmpdir(), 'firebreak-doctor-'));
  server = createServer();
});
afterEach(() => {
  server.close();
  rmSync(dataFolder, { recursive: true });
});

async function listen(port: number): Promise<void> {
  server.listen(port, LOOPBACK);
  await once(server, 'listening');
}
const made = (state: unknown): void => writeFileSync(path.join(dataFolder, 'devnet.json'), JSON.stringify(state));

test('a port of a validator is checked as well as that of Temporal', async () => {
  const portBase = await loopbackPort();
  const port = portsFrom(portBase).api(7);
  await listen(port);
  const findings = await checkPorts({ dataFolder, portBase });
  expect(findings[0]).toMatchObject({ name: `ports of base ${portBase}`, state: 'warning' });
  expect(findings[1]).toMatchObject({
    name: `port ${port}`,
    detail: expect.stringContaining('validator 7 (API)'),
    remedy: expect.stringContaining(`${port}`),
  });
});

test('without a base the one of the network in the folder is checked', async () => {
  const portBase = await loopbackPort();
  made({ portBase });
  const [finding] = await checkPorts({ dataFolder });
  expect(finding?.name).toBe(`ports of base ${portBase}`);
});

test('a port that the network in the folder holds itself is not called taken', async () => {
  const portBase = await loopbackPort();
  await listen(portBase);
  made({ portBase, supervisor: { pid: process.pid } });
  const findings = await checkPorts({ dataFolder });
  // Without /proc nobody can tell whose it is.
  expect(findings[0]?.state).toBe(process.platform === 'linux' ? 'ok' : 'warning');
});

test('a base that the network in the folder cannot take is said to be one', async () => {
  const portBase = await loopbackPort();
  made({ portBase: portBase + 200 });
  const [finding] = await checkPorts({ dataFolder, portBase });
  expect(finding).toMatchObject({ name: 'port base', state: 'warning' });
});

test('no two processes of a plan share a port', () => {
  // Temporal 4, itself 1, Bitcoin nodes 3 x 2, workers 2, alerts 4, receivers 6, watchdog 1, validators 16 x 3.
  expect(namedPorts(portsFrom(20_000)).size).toBe(72);
});
