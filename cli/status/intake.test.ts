import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { loopbackPort } from '../../plugins/testkit/loopback-ports.ts';
import { askIntake, intakeLines } from './intake.ts';

test('an api that takes alerts says so in a word, and what it complains of as text only', () => {
  expect(intakeLines({ up: true, ready: true, reasons: [], signedBy: {} })).toEqual(['  alerts in  UP']);
  const reasons = ['playbook x is left out: \u001b[2J', 'two', 'three', 'four'];
  expect(intakeLines({ up: true, ready: true, reasons, signedBy: {} })).toEqual([
    '  alerts in  UP, but',
    '    playbook x is left out: \uFFFD[2J',
    '    two',
    '    three',
    '    and 1 more: its /health',
  ]);
});

test('one without Temporal is up and takes none, which it says with 503', async () => {
  const server = createServer((_request, response) =>
    response
      .writeHead(503)
      .end(JSON.stringify({ ready: false, reasons: ['Temporal does not answer'], heartbeats: {} })),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const report = await askIntake(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.close();
  expect(intakeLines(report)).toEqual(['  alerts in  UP, TAKES NONE, but', '    Temporal does not answer']);
});

test('one that does not answer is down', async () => {
  const report = await askIntake(`http://127.0.0.1:${await loopbackPort()}`);
  expect(intakeLines(report)).toEqual([expect.stringMatching(/^ {2}alerts in {2}DOWN: .*; senders keep what they/)]);
});
