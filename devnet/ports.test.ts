import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { loopbackPort } from '../plugins/testkit/loopback-ports.ts';
import { LOOPBACK, portPlan, requireFreePorts, takenPorts } from './ports.ts';

const server = createServer();
afterEach(() => {
  server.close();
});

test('a taken port is named with what it was wanted for and how to choose others', async () => {
  const base = await loopbackPort();
  const plan = portPlan(base);
  const before = new Set((await takenPorts(plan)).map(({ port }) => port));
  if (!before.has(plan.temporalUi)) {
    server.listen(plan.temporalUi, LOOPBACK);
    await once(server, 'listening');
  }
  expect((await takenPorts(plan)).find(({ port }) => port === plan.temporalUi)?.wantedFor).toBe('the Temporal UI');
  await expect(requireFreePorts(plan)).rejects.toMatchObject({
    code: 'conflict.port-in-use',
    message: expect.stringMatching(/port \d+, wanted for .*--port-base \d+/),
  });
});

/** Holds the Temporal port of a fresh plan, unless somebody else does already. */
async function planWithTakenPort(): Promise<{ readonly base: number }> {
  const base = await loopbackPort();
  server.listen(base, LOOPBACK);
  await once(server, 'listening');
  return { base };
}

const refusalOf = async (base: number, existing?: string): Promise<string> =>
  requireFreePorts(portPlan(base), existing).then(
    () => 'nothing was refused',
    (error: Error) => error.message,
  );

test('the base that is named instead is one whose ports are all free', async () => {
  const { base } = await planWithTakenPort();
  const named = Number(/--port-base (\d+)/.exec(await refusalOf(base))?.[1]);
  expect(named).not.toBe(base);
  expect(await takenPorts(portPlan(named))).toEqual([]);
});

test('a network that cannot move is not told to move: another folder goes with the other base', async () => {
  const { base } = await planWithTakenPort();
  const message = await refusalOf(base, '/somewhere/devnet');
  expect(message).toContain('the genesis of the network in /somewhere/devnet names its ports');
  expect(message).toMatch(/--data \/somewhere\/devnet-2 --port-base \d+/);
});

test('whoever holds the port is named', async () => {
  const { base } = await planWithTakenPort();
  const who = process.platform === 'linux' ? `process ${process.pid}` : `sport = :${base}`;
  expect(await refusalOf(base)).toContain(who);
});
