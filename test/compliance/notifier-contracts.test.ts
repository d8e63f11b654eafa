import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Plugin } from '../../domain/plugin/manifest.ts';
import type { Notifier } from '../../domain/ports/notifier.ts';
import { plugin as email } from '../../plugins/notifier/email/index.ts';
import { plugin as pagerduty } from '../../plugins/notifier/pagerduty/index.ts';
import { plugin as slack } from '../../plugins/notifier/slack/index.ts';
import { plugin as webhook } from '../../plugins/notifier/webhook/index.ts';
import { complianceNotice } from '../../plugins/testkit/notifier.ts';
import { httpPeer, type PeerRequest } from '../../plugins/testkit/http-peer.ts';
import { pagerdutyPeer } from '../../devnet/receivers/pagerduty-peer.ts';
import { SLACK_CHANNEL, slackPeer } from '../../devnet/receivers/slack-peer.ts';
import { headerOf, smtpPeer } from '../../devnet/receivers/smtp-peer.ts';

/** What one vendor's contract says and another's does not. */
const SECRET = 'canary-3f9c1b7e5a2d4c6e8f0a';
const folder = mkdtempSync(join(tmpdir(), 'firebreak-notifier-'));
const secretFile = join(folder, 'secret');
writeFileSync(secretFile, SECRET, { mode: 0o400 });
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const where = { file: join(folder, 'coordinator.toml'), lineOf: () => 7 };
const told = (key: string) => ({
  idempotencyKey: key,
  signal: new AbortController().signal,
  deadlineMs: Date.now() + 10_000,
});
const unused = {
  throttling: { status: 429 },
  broken: { status: 500 },
  refusing: { status: 400 },
  locked: { status: 401 },
};

async function start<C>(plugin: Plugin<C, unknown, Notifier>, settings: Record<string, unknown>): Promise<Notifier> {
  const notifier = plugin.create(plugin.parse(settings, where))({});
  await notifier.start?.(new AbortController().signal);
  return notifier;
}

test('PagerDuty makes a new alert of a message after the end, and its severity is one of its four', async () => {
  const peer = await pagerdutyPeer(SECRET);
  try {
    const notifier = await start(pagerduty, { routing_key_file: secretFile, endpoint: `${peer.url}/v2/enqueue` });
    const first = await notifier.send(complianceNotice({ severity: 'SEV1' }), told('one'));
    expect(first).toMatchObject({ route: 'pagerduty', state: 'accepted', reference: complianceNotice().thread });
    await notifier.resolve(complianceNotice({ title: 'Over' }), first, told('two'));
    await notifier.send(complianceNotice({ title: 'Again' }), told('three'));
    expect((await peer.heard()).map(({ over }) => over)).toEqual([true, false]);
  } finally {
    await peer.close();
  }
});

test('Slack: an app that may not read the channel still tells people, and repeats itself', async () => {
  const peer = await slackPeer(SECRET, { mayRead: false });
  try {
    const notifier = await start(slack, { token_file: secretFile, channel: SLACK_CHANNEL, api: `${peer.url}/api/` });
    await notifier.send(complianceNotice(), told('one'));
    await notifier.send(complianceNotice(), told('one'));
    expect((await peer.heard()).length).toBe(2);
  } finally {
    await peer.close();
  }
});

test('mail: one addressee that is refused is counted, and the others have the mail', async () => {
  const peer = await smtpPeer({ user: 'firebreak', password: SECRET });
  const settings = { host: '127.0.0.1', port: peer.port, tls: 'none', user: 'firebreak', password_file: secretFile };
  try {
    peer.refuseAddress('second@example.org');
    const to = ['oncall@example.org', 'second@example.org'];
    const notifier = await start(email, { ...settings, from: 'firebreak@example.org', to });
    expect(await notifier.send(complianceNotice(), told('one'))).toMatchObject({ missed: 1, state: 'accepted' });
    expect(peer.mails.map((mail) => mail.to)).toEqual([['oncall@example.org']]);
    expect(headerOf(peer.mails[0] ?? { to: [], headers: [], text: '' }, 'auto-submitted')).toBe('auto-generated');
  } finally {
    await peer.close();
  }
});

test('mail: a server that offers no TLS gets neither the mail nor the password when starttls is asked for', async () => {
  const peer = await smtpPeer({ user: 'firebreak', password: SECRET });
  const settings = {
    host: '127.0.0.1',
    port: peer.port,
    tls: 'starttls',
    user: 'firebreak',
    password_file: secretFile,
  };
  try {
    const notifier = await start(email, { ...settings, from: 'firebreak@example.org', to: ['oncall@example.org'] });
    await expect(notifier.send(complianceNotice(), told('one'))).rejects.toMatchObject({ family: expect.any(String) });
    expect(peer.mails).toEqual([]);
  } finally {
    await peer.close();
  }
});

test('a server that nobody started delivered nothing', async () => {
  const gone = await httpPeer(() => ({ status: 200 }), unused);
  await gone.close();
  const settings = {
    host: '127.0.0.1',
    port: Number(new URL(gone.url).port),
    tls: 'none',
    from: 'a@example.org',
    to: ['b@example.org'],
  };
  const notifier = await start(email, settings);
  await expect(notifier.send(complianceNotice(), told('one'))).rejects.toMatchObject({
    code: 'unavailable.notifier-down',
  });
  const hook = await start(webhook, { secret_file: secretFile, url: gone.url });
  await expect(hook.send(complianceNotice(), told('one'))).rejects.toMatchObject({ code: 'unavailable.notifier-down' });
});

test('a redirect is not followed, so that no key goes elsewhere', async () => {
  const seen: PeerRequest[] = [];
  const thief = await httpPeer((request) => {
    seen.push(request);
    return { status: 200 };
  }, unused);
  const peer = await httpPeer(() => ({ status: 307, headers: { location: thief.url } }), unused);
  try {
    const notifier = await start(webhook, { secret_file: secretFile, url: peer.url });
    await expect(notifier.send(complianceNotice(), told('one'))).rejects.toMatchObject({
      code: 'input.notifier-refused',
    });
    expect(seen).toEqual([]);
  } finally {
    await peer.close();
    await thief.close();
  }
});

test('an answer without end is not read to its end', async () => {
  const peer = await httpPeer(() => ({ status: 500, body: 'x'.repeat(5_000_000) }), unused);
  try {
    const notifier = await start(webhook, { secret_file: secretFile, url: peer.url });
    await expect(notifier.send(complianceNotice(), told('one'))).rejects.toMatchObject({
      code: 'unavailable.notifier-down',
    });
  } finally {
    await peer.close();
  }
});

const mail = { host: 'mail.example.org', from: 'a@example.org', to: ['b@example.org'] };
test.each([
  ['a header in an address', email, { ...mail, from: 'a@example.org\r\nBcc: x@example.org' }],
  ['two addresses in one', email, { ...mail, to: ['b@example.org, c@example.org'] }],
  ['a name around an address', email, { ...mail, to: ['"x" <b@example.org>'] }],
  ['mail without TLS to another machine', email, { ...mail, tls: 'none' }],
  ['a user without a password', email, { ...mail, user: 'firebreak' }],
  ['a password in the file', email, { ...mail, user: 'firebreak', password: SECRET }],
  ['nobody to tell', email, { ...mail, to: [] }],
  ['http to another machine', webhook, { secret_file: secretFile, url: 'http://hook.example.org' }],
  ['a password in the address', webhook, { secret_file: secretFile, url: 'https://u:p@hook.example.org' }],
  ['no secret', webhook, { url: 'https://hook.example.org' }],
  ['two places of one secret', webhook, { url: 'https://hook.example.org', secret_file: secretFile, secret_env: 'X' }],
  ['the name of a channel in place of its id', slack, { token_file: secretFile, channel: '#general' }],
  ['a key in the file', pagerduty, { routing_key: SECRET }],
] as const)('%s is refused with file and line, and not repeated', (_what, plugin, settings) => {
  let message = 'nothing was refused';
  try {
    plugin.parse(settings, where);
  } catch (error) {
    message = error instanceof Error ? error.message : '';
  }
  expect(message).toMatch(/coordinator\.toml:7: /);
  expect(message).not.toContain(SECRET);
});

test('a secret that others may read, or that would begin another header, stops the start', async () => {
  const open = join(folder, 'open');
  writeFileSync(open, SECRET, { mode: 0o644 });
  const broken = join(folder, 'broken');
  writeFileSync(broken, `${SECRET}\r\nx-other: 1`, { mode: 0o400 });
  for (const file of [open, broken]) {
    const starting = start(slack, { token_file: file, channel: SLACK_CHANNEL });
    await expect(starting).rejects.toMatchObject({
      code: 'input.notifier-secret',
      message: expect.not.stringContaining(SECRET),
    });
  }
});
