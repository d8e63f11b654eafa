import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FROZEN_UNTIL_LIFTED_SECONDS } from '../../domain/committee/order.ts';
import { validatorId } from '../../domain/network/network.ts';
import { askReport, type ValidatorReport } from './reports.ts';
import {
  brakeLines,
  committeeLine,
  nextWhenSilent,
  pausedLines,
  payoutLine,
  renewalLines,
  signersAmong,
} from './status.ts';

const FROZEN_UNTIL = 1_800_000_000;

test('payouts are called allowed only by validators that said so', () => {
  expect(payoutLine([], 15, 15)).toContain('ALLOWED');
  expect(payoutLine([], 4, 15)).toContain('ALLOWED by the 4 that answer');
  expect(payoutLine([], 0, 15)).toContain('UNKNOWN');
  expect(payoutLine([], 0, 15)).not.toContain('ALLOWED');
});

const says = (...keys: { epoch: number; share: boolean; state?: string }[]): ValidatorReport => ({
  url: '',
  up: true,
  state: 'ready',
  peers: 3,
  uptimeSeconds: 1,
  frozenUntilSeconds: undefined,
  frozenBy: undefined,
  freezesLeft: undefined,
  committeeEpoch: undefined,
  keys: keys.map((key) => ({ keyset: `key-${key.epoch}`, state: 'active', ...key })),
  health: {},
  status: {},
});
const genesis = {
  validators: [1, 2, 3].map((id) => ({
    id: validatorId(id),
    identity: '',
    addresses: [],
    ...(id === 3 ? ({ spare: true } as const) : {}),
  })),
};

test('whoever has no share of the newest key cannot sign, however ready it is', () => {
  expect(signersAmong(genesis, [says(), says(), says()])).toHaveLength(2);
  const first = { epoch: 1, share: true };
  expect(signersAmong(genesis, [says(first), says(first), says({ epoch: 1, share: false })])).toHaveLength(2);
  const rotated = [says({ epoch: 2, share: false }), says({ epoch: 2, share: true }), says({ epoch: 2, share: true })];
  expect(signersAmong(genesis, rotated)).toEqual(rotated.slice(1));
  const retired = { epoch: 2, share: false, state: 'compromised' };
  expect(signersAmong(genesis, [says(first, retired), says(first), says(first)])).toHaveLength(3);
  expect(signersAmong(genesis, [says(first), { url: '', up: false, why: 'gone' }])).toHaveLength(1);
});

test('a freeze is counted validator by validator', () => {
  expect(payoutLine([FROZEN_UNTIL, FROZEN_UNTIL], 2, 15)).toContain('FROZEN at 2 of 15 validators until 2027-01-15');
  const byThemselves = payoutLine([FROZEN_UNTIL, FROZEN_UNTIL_LIFTED_SECONDS], 2, 15);
  expect(byThemselves).toContain('FROZEN at 2 of 15 validators until a lift names a block of the chain');
});

test('how many freezes three members have left is said while a row has begun, validator by validator', () => {
  expect(renewalLines([4, 4, undefined])).toEqual([]);
  expect(renewalLines([0, 0, 1, undefined])).toEqual([
    '    left     0 freezes in a row without the change quorum (2)',
    '    left     1 freezes in a row without the change quorum (1)',
  ]);
});

test('by what payouts are frozen and which committee is obeyed is counted too, and old builds say neither', () => {
  const use = 'standing-order 1, used by runPlaybook/x/1 at freeze';
  expect(brakeLines([use, undefined, 'order 4', use])).toEqual([`    by       ${use} (2)`, '    by       order 4 (1)']);
  expect(committeeLine([2, 2, 2], 2)).toEqual(['  committee  epoch 2']);
  expect(committeeLine([2, 1, 2, undefined], 2)).toEqual(['  committee  epoch 2 at 2, epoch 1 at 1']);
  expect([...brakeLines([]), ...committeeLine([undefined], 1)]).toEqual([]);
});

test('whoever reads that another committee is obeyed than the pinned one reads how to name it', () => {
  expect(committeeLine([2, 2], 1)).toEqual([
    '  committee  epoch 2; network.json pins epoch 1: give --chain where members sign',
  ]);
});

test('a validator that accepts and says nothing is down, with the time that was waited', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => sockets.add(socket));
  try {
    expect(await askReport(`http://127.0.0.1:${address.port}`)).toMatchObject({
      up: false,
      why: 'no answer within 2 s',
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test('whoever is paused is named with the reason, which is only text', () => {
  expect(pausedLines([])).toEqual([]);
  const since = Date.UTC(2026, 10, 24, 12);
  expect(pausedLines([{ validator: validatorId(4), reason: 'seen\u001b[2J twice', sinceMs: since }])).toEqual([
    expect.stringMatching(/^  paused     validator-004 since 2026-11-24.*: seen\uFFFD\[2J twice$/),
  ]);
});

test('a network of this machine that was stopped is to be started; where anything else is silent the doctor looks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-status-'));
  try {
    expect(nextWhenSilent(folder, false)).toBe('doctor');
    writeFileSync(join(folder, 'devnet.json'), '{}');
    expect(nextWhenSilent(folder, false)).toBe('up');
    expect(nextWhenSilent(folder, true)).toBe('doctor');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
