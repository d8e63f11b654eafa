import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { alertFrom } from '../../domain/alert/alert.ts';
import { matchAlert } from '../../domain/alert/match.ts';
import { countFiring, type ListedAlert } from '../../cli/alert/list.ts';
import { runCommandLine } from '../../cli/command-line.ts';
import { RECORD_ALERT, startRecordAlert } from '../../workflows/record-alert/messages.ts';
import {
  type ApiUnderTest,
  alertmanagerBody,
  apiUnderTest,
  asAlertmanager,
  type SentAlert,
} from '../../api/testkit/delivering.ts';
import { testNetwork } from './rig/network.ts';
import { eventually } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'alert-command-'));
let env: TestWorkflowEnvironment;
let under: ApiUnderTest;

beforeAll(async () => {
  env = await startServer();
  under = await apiUnderTest({ temporal: env.address ?? '', taskQueue: 'nobody' });
  writeFileSync(join(folder, 'network.json'), JSON.stringify(testNetwork(3, 5).genesis));
  const temporal = { address: env.address, namespace: 'default', taskQueue: 'nobody' };
  const operator = { version: 1, network: 'network.json', identity: 'identity.pem', temporal, validators: [] };
  writeFileSync(join(folder, 'operator.json'), JSON.stringify(operator));
});
afterAll(async () => {
  await under?.stop();
  await stopServer(env);
  rmSync(folder, { recursive: true, force: true });
});

async function type(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  let code = -1;
  const said: string[] = [];
  const screen = {
    out: (text: string) => void said.push(text),
    err: (text: string) => void said.push(text),
    colour: false,
    interactive: false,
  };
  await runCommandLine([...args, '--data', folder], { screen, exit: (given) => void (code = given) });
  return { code, said: said.join('') };
}
async function deliver(...alerts: SentAlert[]): Promise<void> {
  expect((await asAlertmanager(under.api.url, alertmanagerBody(alerts))).status).toBe(200);
}
const listed = async (...args: string[]) =>
  (JSON.parse((await type('alert', 'list', '--json', ...args)).said) as { alerts: { id: string; name: string }[] })
    .alerts;

test('alerts are listed and shown with the reasons of the losers, while no worker runs', async () => {
  await deliver({ id: 'one', summary: 'it is away' }, { id: 'two', name: 'Strange' });
  await eventually('both are listed', async () => (await listed()).length === 2);
  const list = await type('alert', 'list');
  expect(list.code).toBe(0);
  expect(list.said).toMatch(
    /FIRING.*critical.*ValidatorOffline\n.*laptop, from prometheus: answered by validator-offline/,
  );
  expect(list.said).toMatch(
    /Strange\n.*UNANSWERED, nearest of 4 is break-glass-review: label alertname is "Strange", the trigger wants "BreakGlassUsed"/,
  );
  // A resolution waits for a worker: what is said of FIRING has to be true of this one too.
  await deliver({ id: 'one', status: 'resolved' });
  const { said } = await type('alert', 'list');
  expect(said).toMatch(/FIRING.*ValidatorOffline\n/);
  expect(said).toContain('FIRING: no worker has heard from its sender that it is resolved; alert show');
  expect((await listed('--unanswered')).map(({ name }) => name)).toEqual(['Strange']);
  const strange = (await listed('--unanswered'))[0]?.id ?? '';
  for (const name of [strange, strange.split('/').at(-1)?.slice(0, 12) ?? '']) {
    const shown = await type('alert', 'show', name);
    expect([name, shown.code]).toEqual([name, 0]);
    for (const playbook of ['break-glass-review', 'identity-seen-twice', 'suspected-share-theft', 'validator-offline'])
      expect(shown.said).toMatch(
        new RegExp(`not ${playbook}: label alertname is "Strange".*\\n\\s+input\\.alert-label`),
      );
    expect(shown.said).toContain('no worker answers');
  }
});

test('a resolution that was heard before its firing makes no alert that fires', async () => {
  await deliver({ id: 'gone', status: 'resolved' });
  const all = async () =>
    (JSON.parse((await type('alert', 'list', '--json')).said) as { alerts: ListedAlert[] }).alerts;
  const early = async () => (await all()).filter(({ first }) => first === 'resolved');
  await eventually('it is listed', async () => (await early()).length === 1);
  expect(await early()).toMatchObject([{ firing: false, status: 'running' }]);
  expect((await type('alert', 'list')).said).toMatch(/OVER.*\n.*resolved before it was heard firing; alert show/);
  expect(await countFiring(env.client, 'laptop', 100)).toBe((await all()).length - 1);
});

test('an alert that nobody recorded is refused with what to type', async () => {
  expect(await type('alert', 'show', 'ffffffffffff')).toMatchObject({
    code: 2,
    said: expect.stringContaining('input.unknown-alert'),
  });
  expect(await type('alert', 'show', '$(reboot)')).toMatchObject({ code: 2 });
  expect(await type('alert', 'show', `recordAlert/prometheus/${'f'.repeat(64)}`)).toMatchObject({ code: 2 });
});

/** Driving characters of terminals, and those that hide or turn text; a line break ends a line and nothing else. */
const DRIVES =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]/u;

test('whatever an alert says, also behind our back in the database, drives no terminal', async () => {
  let n = 0;
  const hostile = fc.array(
    fc.oneof(
      fc.constantFrom(
        '\u001b[2J',
        '\u009b31m',
        '\u202e',
        '\r\n',
        '\u001b]8;;http://x\u0007',
        '{{7*7}}',
        '$(reboot)',
        '`id`',
        '<b>',
        '\u200b',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { minLength: 1, maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (parts) => {
      const text = parts.join('');
      n += 1;
      const id = `hostile-${n}`;
      // Not through the api: this is what a hostile database would hold.
      const clean = alertFrom(
        'prometheus',
        { status: 'firing', fingerprint: id, startedAtMs: 1, name: '', severity: '', summary: '', labels: {} },
        'laptop',
      );
      const alert = { ...clean, name: text, severity: text, network: text, summary: text, labels: { [text]: text } };
      const match = matchAlert(alert, [], { networks: [], playbooks: [] });
      const losing = [{ playbook: text, code: 'input.alert-label' as const, message: text }];
      const start = startRecordAlert({ alert, match: { ...match, losing } }, { status: 'firing', atMs: 1 }, 'nobody');
      await env.client.workflow.signalWithStart(RECORD_ALERT, start);
      for (const args of [
        ['show', start.workflowId],
        ['show', start.workflowId, '--json'],
        ['list', '--limit', '5'],
        ['list', '--json', '--limit', '5'],
      ]) {
        const { code, said } = await type('alert', ...args);
        expect([args[0], code]).toEqual([args[0], 0]);
        expect(DRIVES.exec(said)).toBeNull();
        // The command that is offered next is made of hexadecimal digits and our own folder: there is nothing in it for a shell.
        const next = /next: firebreak (.*)/.exec(said)?.[1];
        if (next !== undefined) expect(next).toMatch(/^alert show [0-9a-f]{12} --data [\w./-]+$/);
      }
    }),
    { numRuns: 8 },
  );
});
