import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Notifier } from '../../domain/ports/notifier.ts';
import { plugin as email } from '../../plugins/notifier/email/index.ts';
import { memory, plugin as memoryPlugin, type ToldMessage } from '../../plugins/notifier/memory/index.ts';
import { plugin as pagerduty } from '../../plugins/notifier/pagerduty/index.ts';
import { plugin as slack } from '../../plugins/notifier/slack/index.ts';
import { plugin as webhook } from '../../plugins/notifier/webhook/index.ts';
import { notifierCompliance, type NotifierUnderTest } from '../../plugins/testkit/notifier.ts';
import { pagerdutyPeer } from '../../devnet/receivers/pagerduty-peer.ts';
import { SLACK_CHANNEL, slackPeer } from '../../devnet/receivers/slack-peer.ts';
import { smtpPeer } from '../../devnet/receivers/smtp-peer.ts';
import { webhookPeer } from '../../devnet/receivers/webhook-peer.ts';

const kit = { test, expect };
const SECRET = 'canary-3f9c1b7e5a2d4c6e8f0a';
const where = { file: join(tmpdir(), 'coordinator.toml'), lineOf: () => 7 };
type Peer = Pick<NotifierUnderTest, 'heard' | 'become' | 'hazards'> & { close(): Promise<void> };

/** A notifier whose secret lies in a file of its own, started, with its peer. */
async function started(peer: Peer, make: (secretFile: string) => Notifier, capabilities: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-notifier-'));
  const file = join(folder, 'secret');
  writeFileSync(file, `${SECRET}\n`, { mode: 0o400 });
  const notifier = make(file);
  await notifier.start?.(new AbortController().signal);
  const dispose = async (): Promise<void> => {
    await notifier.stop?.();
    await peer.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...peer, notifier, capabilities, secrets: [SECRET], dispose };
}

notifierCompliance('notifier/memory', kit, async () => {
  const told: ToldMessage[] = [];
  return {
    notifier: memory({})({ told }),
    capabilities: memoryPlugin.manifest.capabilities,
    heard: async () =>
      told.map(({ said, over }) => ({ said: said.map(({ headline, body }) => ({ headline, text: body })), over })),
    secrets: [],
    dispose: async () => undefined,
  };
});

notifierCompliance('notifier/pagerduty', kit, async () => {
  const peer = await pagerdutyPeer(SECRET);
  const make = (routing_key_file: string): Notifier =>
    pagerduty.create(pagerduty.parse({ routing_key_file, endpoint: `${peer.url}/v2/enqueue` }, where))({});
  return started(peer, make, pagerduty.manifest.capabilities);
});

notifierCompliance('notifier/webhook', kit, async () => {
  const peer = await webhookPeer(SECRET);
  const make = (secret_file: string): Notifier =>
    webhook.create(webhook.parse({ secret_file, url: `${peer.url}/hook` }, where))({});
  return started(peer, make, webhook.manifest.capabilities);
});

notifierCompliance('notifier/slack', kit, async () => {
  const peer = await slackPeer(SECRET);
  const make = (token_file: string): Notifier =>
    slack.create(slack.parse({ token_file, channel: SLACK_CHANNEL, api: `${peer.url}/api` }, where))({});
  return started(peer, make, slack.manifest.capabilities);
});

notifierCompliance('notifier/email', kit, async () => {
  const peer = await smtpPeer({ user: 'firebreak', password: SECRET });
  const settings = {
    host: '127.0.0.1',
    port: peer.port,
    tls: 'none',
    user: 'firebreak',
    from: 'firebreak@example.org',
  };
  const to = ['oncall@example.org', 'second@example.org'];
  const make = (password_file: string): Notifier =>
    email.create(email.parse({ ...settings, to, password_file }, where))({});
  return started(peer, make, email.manifest.capabilities);
});
