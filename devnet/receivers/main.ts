import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Heard } from '../../plugins/testkit/notifier.ts';
import { LOOPBACK } from '../ports.ts';
import { keeper } from './keep.ts';
import { type Receiver, RECEIVERS } from './kept.ts';
import { pagerdutyPeer } from './pagerduty-peer.ts';
import { MAIL_USER, readSecret } from './secrets.ts';
import { slackPeer } from './slack-peer.ts';
import { smtpPeer } from './smtp-peer.ts';
import { webhookPeer } from './webhook-peer.ts';

const LOOK_MS = 100;

/**
 * Stands in for PagerDuty, a mail server, Slack and a webhook on this machine: real peers of those protocols that keep what they are told
 * in `--dir`. Not for any other network: what is told here reaches nobody.
 */
const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: '.' },
    pagerduty: { type: 'string', default: '0' },
    mail: { type: 'string', default: '0' },
    slack: { type: 'string', default: '0' },
    webhook: { type: 'string', default: '0' },
    'on-call': { type: 'string', default: '0' },
    /** Answers 200 as long as everything listens. */
    health: { type: 'string', default: '0' },
  },
});
const { dir } = values;
const port = (receiver: Receiver): number => Number(values[receiver]);

type Peer = { readonly heard: () => Promise<readonly Heard[]>; close(): Promise<void> };
const peers: Readonly<Record<Receiver, Peer>> = {
  pagerduty: await pagerdutyPeer(readSecret(dir, 'pagerduty'), port('pagerduty')),
  mail: await smtpPeer({ user: MAIL_USER, password: readSecret(dir, 'mail') }, port('mail')),
  slack: await slackPeer(readSecret(dir, 'slack'), { port: port('slack') }),
  webhook: await webhookPeer(readSecret(dir, 'webhook'), port('webhook')),
  'on-call': await pagerdutyPeer(readSecret(dir, 'on-call'), port('on-call')),
};
const keepers = RECEIVERS.map((receiver) => ({ peer: peers[receiver], keep: keeper(dir, receiver) }));
const health = createServer((_request, response) => response.end('ready\n')).listen(Number(values.health), LOOPBACK);

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
while (!stop.signal.aborted) {
  for (const { peer, keep } of keepers) keep(await peer.heard());
  await wait(LOOK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
}
health.close();
for (const { peer, keep } of keepers) {
  keep(await peer.heard());
  await peer.close();
}
