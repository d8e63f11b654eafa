import type { NetworkGenesis } from '../../domain/network/network.ts';
import { threadOf } from '../../domain/notification/notice.ts';
import { SEVERITIES } from '../../domain/playbook/plan.ts';
import type { Notifier } from '../../domain/ports/notifier.ts';
import type { Channel } from '../playbook/binding.ts';
import { compose } from './compose.ts';
import { requireReceipt } from './receipt.ts';
import type { Renderer } from './render.ts';
import { shippedTemplates } from './templates.ts';

/** Notifiers as the channels of playbooks: each message is a conversation of its own, and a repeat is the same message. */
export const channelsOf = (
  notifiers: Readonly<Record<string, Notifier>>,
  genesis: Pick<NetworkGenesis, 'name' | 'environment'>,
  clock: () => number,
): Readonly<Record<string, Channel>> => {
  const render = shippedTemplates(); // now: a template that cannot be read stops the start
  return Object.fromEntries(
    Object.entries(notifiers).map(([name, notifier]) => [name, channelOf(notifier, render, genesis, clock)]),
  );
};

const channelOf = (
  notifier: Notifier,
  render: Renderer,
  { name: network, environment }: Pick<NetworkGenesis, 'name' | 'environment'>,
  clock: () => number,
): Channel => ({
  route: notifier.route,
  send: async ({ text, severity }, context) => {
    const receipt = await notifier.send(
      compose(
        render,
        { kind: 'page', text },
        {
          thread: threadOf(`${environment}/${network}`, context.idempotencyKey),
          // An unknown severity is told as the worst: somebody has to look.
          severity: SEVERITIES.find((known) => known === severity) ?? 'SEV1',
          network,
          exercise: environment !== 'production',
          issuedAtMs: clock(),
        },
      ),
      context,
    );
    requireReceipt(notifier, receipt);
  },
});
