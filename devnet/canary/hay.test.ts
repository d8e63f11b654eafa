import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LOOPBACK, type PortPlan, portPlan } from '../ports.ts';
import type { Service, Supervisor } from '../supervisor/supervisor.ts';
import { saidBy } from './hay.ts';

/** One server for all pages: what counts is who is asked, and for what. */
let server: Server;
let status = 200;
beforeAll(async () => {
  server = createServer((request, response) => response.writeHead(status).end(`page ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
});
afterAll(() => void server.close());

function pages(running: readonly string[]) {
  const { port } = server.address() as AddressInfo;
  const ports: PortPlan = {
    ...portPlan(7_233),
    temporalMetrics: port,
    workerMetrics: () => port,
    health: () => port,
    alertsMetrics: port,
    watchdog: port,
  };
  const service = (name: string): Service | undefined =>
    running.includes(name)
      ? { name, pid: () => 1, signal: () => true, isLost: () => false, exits: () => [] }
      : undefined;
  const never = (): never => {
    throw new Error('not in this test');
  };
  const supervisor: Supervisor = { service, run: never, stop: never };
  return saidBy({ ports, supervisor });
}

test('the metrics of every process are read, of the api and the watchdog where the network runs them', async () => {
  const always = (await pages([])).map(({ name }) => name);
  for (const name of ['Temporal', 'validator 1', 'validator 16', 'worker 1', 'worker 2'])
    expect(always).toContain(`metrics of ${name}`);
  const more = await pages(['api', 'watchdog']);
  expect(more.map(({ name }) => name).slice(always.length)).toEqual(['metrics of the api', 'metrics of the watchdog']);
  expect(new Set(more.map(({ bytes }) => bytes.toString()))).toEqual(new Set(['page /metrics']));
});

test('a page that is not there ends the search: nothing was looked at', async () => {
  status = 404;
  await expect(pages([])).rejects.toThrow('answers 404');
});
