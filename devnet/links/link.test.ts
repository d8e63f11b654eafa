import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LOOPBACK } from '../ports.ts';
import { until } from '../until.ts';
import { Link } from './link.ts';
import { Mesh } from './mesh.ts';

/** Says everything back that it hears. */
let echo: Server;
let target = 0;
const sockets: Socket[] = [];
const closing: { close(): Promise<void> }[] = [];
const never = (): number => 1;

beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  }).listen(0, LOOPBACK);
  await once(echo, 'listening');
  target = (echo.address() as { port: number }).port;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const each of closing.splice(0)) await each.close();
  echo.close();
});

const linkTo = async (port: number, chance = never): Promise<Link> => {
  const link = await Link.open(port, chance);
  closing.push(link);
  return link;
};

async function dial(port: number): Promise<{ readonly socket: Socket; heard(): string }> {
  const socket = connect(port, LOOPBACK);
  sockets.push(socket);
  let text = '';
  socket.on('error', () => undefined).on('data', (bytes) => (text += String(bytes)));
  await once(socket, 'connect');
  return { socket, heard: () => text };
}
const BOUND = { timeoutMs: 5_000, everyMs: 5 };

test('a calm link passes everything on in order, both ways, and an end after what was said before it', async () => {
  const link = await linkTo(target);
  const { socket, heard } = await dial(link.port);
  const said = 'x'.repeat(1_000_000);
  socket.end(said);
  await once(socket, 'close');
  expect(heard() === said).toBe(true);
  await until('the link being empty', BOUND, () => link.connections === 0);
});

test.each(['there', 'back'] as const)(
  'a link that holds what travels %s loses nothing of it, and lets it go when it is calm',
  async (way) => {
    const link = await linkTo(target);
    link.impose('it', way, { held: true });
    const { socket, heard } = await dial(link.port);
    const reached = (): number => sockets.reduce((sum, each) => sum + (each === socket ? 0 : each.bytesRead), 0);
    socket.write('first');
    if (way === 'back') await until('the other side hearing it', BOUND, () => reached() === 5);
    await wait(50);
    expect([reached(), heard()]).toEqual([way === 'there' ? 0 : 5, '']);
    link.lift('it');
    await until('it arriving', BOUND, () => heard() === 'first');
  },
);

test('a slow, narrow and lossy link is late by what it was told', async () => {
  const link = await linkTo(target);
  const { socket, heard } = await dial(link.port);
  const timed = async (what: string): Promise<number> => {
    const startedAt = Date.now();
    const before = heard().length;
    socket.write(what);
    await until(`${what.length} bytes`, BOUND, () => heard().length === before + what.length);
    return Date.now() - startedAt;
  };
  link.impose('it', 'there', { delayMs: 120 });
  expect(await timed('a')).toBeGreaterThanOrEqual(119);
  link.lift('it');
  link.impose('it', 'back', { bytesPerSecond: 1_000 });
  expect(await timed('b'.repeat(200))).toBeGreaterThanOrEqual(199);
  const always = await linkTo(target, () => 0);
  always.impose('it', 'there', { lossPercent: 1 });
  const through = await dial(always.port);
  const startedAt = Date.now();
  through.socket.write('late');
  await until('the late piece', BOUND, () => through.heard() === 'late');
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(199);
});

test('what two causes do to a link lasts until both are over', async () => {
  const link = await linkTo(target);
  const { socket, heard } = await dial(link.port);
  link.impose('one', 'there', { held: true });
  link.impose('other', 'there', { held: true, delayMs: 1 });
  socket.write('held');
  link.lift('one');
  await wait(50);
  expect(heard()).toBe('');
  link.lift('other');
  await until('it arriving', BOUND, () => heard() === 'held');
});

test('a link that is dropped ends its connections on both sides, and takes new ones', async () => {
  const link = await linkTo(target);
  const { socket } = await dial(link.port);
  await until('the connection', BOUND, () => link.connections === 1);
  link.drop();
  await once(socket, 'close');
  const again = await dial(link.port);
  again.socket.write('again');
  await until('it arriving', BOUND, () => again.heard() === 'again');
});

test('a place that is gone looks gone through the link', async () => {
  const link = await linkTo(1);
  const { socket } = await dial(link.port);
  await once(socket, 'close');
  expect(link.connections).toBe(0);
});

test('in a mesh one may be heard by another and not hear it, whoever dialled', async () => {
  const mesh = await Mesh.open(
    ['a', 'b', 'worker'],
    new Map([
      ['a', target],
      ['b', target],
    ]),
    never,
  );
  closing.push(mesh);
  const dialled = await dial(mesh.portOf('a', 'b'));
  const other = await dial(mesh.portOf('b', 'a'));
  mesh.impose('it', ['a'], ['b'], { held: true });
  dialled.socket.write('to b');
  other.socket.write('to a');
  await wait(50);
  expect([dialled.heard(), other.heard()]).toEqual(['', '']);
  // What b said has arrived at a; only its answer is held.
  expect(sockets.filter((each) => each.bytesRead === 4)).toHaveLength(1);
  mesh.lift('it');
  await until('both arriving', BOUND, () => dialled.heard() === 'to b' && other.heard() === 'to a');
  expect(mesh.connections('a', 'b')).toBe(2);
  expect(() => mesh.portOf('a', 'worker')).toThrow('no link');
});
