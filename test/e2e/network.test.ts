import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { signerIds } from '../../devnet/layout.ts';
import { LOOPBACK } from '../../devnet/ports.ts';
import type { KeyCertificate } from '../../domain/ceremony/ceremony.ts';
import { canaryScenes } from '../faults/canary.ts';
import { freePortBase } from './rig/free-ports.ts';
import { type LiveNetwork, startLiveNetwork } from '../../devnet/live-network.ts';
import { firebreak, startEntry } from './rig/node-process.ts';
import { done, on } from './rig/operator.ts';
import { until } from '../../devnet/until.ts';
import { badInputScenes } from './bad-input.ts';
import { byHandScenes } from './by-hand.ts';
import { clearedScenes, copyScenes } from './copies.ts';
import { grantScenes } from './grants.ts';
import { incidentScenes } from './incidents.ts';
import { offlineScenes } from './offline.ts';
import { orderScenes } from './orders.ts';
import { signerScenes } from './signers.ts';

/**
 * One network through its whole life: made and demonstrated by one command, resumed, braked, thinned out, checked from outside, and
 * removed. The scenes share it, in this order, because starting it is what costs time.
 */
const root = mkdtempSync(join(tmpdir(), 'firebreak-e2e-'));
const data = join(root, 'devnet');
let live: LiveNetwork | undefined;
let groupKeyBegins = '';

const network = (): LiveNetwork => {
  if (live === undefined) throw new Error('the network is not up: an earlier test of this file failed');
  return live;
};

afterAll(async () => {
  await live?.stop();
  rmSync(root, { recursive: true, force: true });
});

describe('one command', () => {
  test('brings everything up, pays out through the death of its coordinator, prints the timeline and exits 0', async () => {
    const base = await freePortBase();
    const args = ['up', '--once', '--no-emergency', '--data', data, '--port-base', String(base)];
    const { code, out, err } = await firebreak(args, { timeoutMs: 600_000 });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/worker-\d +KILLED with SIGKILL, process \d+/);
    expect(out).toMatch(/worker-\d +took over \d+\.\d\d s after the kill/);
    expect(out.match(/partial signature \d+ of 10/g)).toHaveLength(10);
    const verdict = /coordinator killed when (\d+) of 10 partial signatures existed;.*spent exactly once/.exec(out);
    expect(Number(verdict?.[1])).toBeGreaterThanOrEqual(1);
    expect(Number(verdict?.[1])).toBeLessThan(10);
    groupKeyBegins = /group key ([0-9a-f]{16,})/.exec(out)?.[1] ?? '';
    expect(groupKeyBegins).not.toBe('');
    expect(processesOf(data)).toEqual([]);
  }, 610_000);

  test('a second start resumes the same network with the same key, made once', async () => {
    live = await startLiveNetwork({ data });
    const keys = (await done(on(live, 'key', 'list')))['keys'] as readonly { readonly groupKey?: string }[];
    expect(keys).toHaveLength(1);
    const { certificate } = (await done(on(live, 'key', 'show', '1'))) as { readonly certificate?: KeyCertificate };
    const groupKey = certificate?.package.groupKey ?? '';
    expect(groupKey.startsWith(groupKeyBegins)).toBe(true);
    for (const id of signerIds()) {
      const url = `http://${LOOPBACK}:${live.ports.api(id)}/api/v1/key_share/public`;
      const said = (await (await fetch(url)).json()) as { readonly combined_public_key: string };
      expect(said.combined_public_key).toBe(groupKey);
    }
  }, 400_000);
});

describe('orders', () => orderScenes(network));
describe('grants', () => grantScenes(network));
describe('signers', () => signerScenes(network));
describe('copies', () => copyScenes(network));
describe('offline', () => offlineScenes(network));
describe('bad input', () => badInputScenes(network));
describe('by hand', () => byHandScenes(network));
describe('a copy that has ended', () => clearedScenes(network));
describe('incidents', () => incidentScenes(network));

describe('canary', () => canaryScenes(network));

describe('down', () => {
  test('ends a network that is being brought up, leaves no process, and with --purge no folder', async () => {
    await network().stop();
    live = undefined;
    expect(processesOf(data)).toEqual([]);
    const up = startEntry('cli/main.ts', ['up', '--no-story', '--data', data], { timeoutMs: 170_000 });
    await until('the Bitcoin nodes running', { timeoutMs: 150_000 }, () => processesOf(data).length > 5);
    expect(await firebreak(['down', '--purge', '--data', data, '--json'])).toMatchObject({ code: 0 });
    expect(await up.ended).toMatchObject({ code: 0 });
    expect(existsSync(data)).toBe(false);
    expect(processesOf(data)).toEqual([]);
  });

  test('ends what a supervisor that was killed left running', async () => {
    const base = await freePortBase();
    const args = ['up', '--no-story', '--data', data, '--port-base', String(base), '--keystore', 'file'];
    const up = startEntry('devnet/main.ts', args, { timeoutMs: 170_000 });
    await until('some processes running', { timeoutMs: 150_000 }, () => processesOf(data).length > 5);
    up.signal('SIGKILL');
    await up.ended;
    expect(processesOf(data).length).toBeGreaterThan(0);
    expect(await firebreak(['down', '--purge', '--data', data, '--json'])).toMatchObject({ code: 0 });
    expect(processesOf(data)).toEqual([]);
    expect(existsSync(data)).toBe(false);
  });
});

/** Processes whose command line names the folder, by the system's own list; this test's own process does not. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
        return command.includes(folder) ? [`${pid} ${command}`] : [];
      } catch {
        return []; // it ended while we looked
      }
    });
}
