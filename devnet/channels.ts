import { SLACK_CHANNEL } from './receivers/slack-peer.ts';
import { MAIL_USER, secretFile } from './receivers/secrets.ts';
import type { Channel } from './receivers/kept.ts';
import type { Layout } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';

/** How the workers of a devnet tell people: the receivers on this machine, by the names that playbooks use. */
export function channelSettings(layout: Layout, ports: PortPlan): Readonly<Record<Channel, Record<string, unknown>>> {
  const { dir } = layout.receivers;
  const { pagerduty, mail, slack, webhook } = ports.receivers;
  return {
    pagerduty: {
      use: 'pagerduty',
      routing_key_file: secretFile(dir, 'pagerduty'),
      endpoint: `http://${LOOPBACK}:${pagerduty}/v2/enqueue`,
    },
    mail: {
      use: 'email',
      host: LOOPBACK,
      port: mail,
      tls: 'none',
      user: MAIL_USER,
      password_file: secretFile(dir, 'mail'),
      from: 'firebreak@devnet.example',
      to: ['on-call@devnet.example'],
    },
    slack: {
      use: 'slack',
      channel: SLACK_CHANNEL,
      token_file: secretFile(dir, 'slack'),
      api: `http://${LOOPBACK}:${slack}/api`,
    },
    webhook: {
      use: 'webhook',
      url: `http://${LOOPBACK}:${webhook}/`,
      secret_file: secretFile(dir, 'webhook'),
    },
  };
}
