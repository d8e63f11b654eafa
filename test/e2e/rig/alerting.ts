import { appendFileSync, readFileSync } from 'node:fs';
import { asScript } from '../../../api/testkit/delivering.ts';
import { type ListedIncident, incidentsOf } from '../../../cli/incident/find.ts';
import { readOperator } from '../../../cli/operator.ts';
import { NETWORK_NAME } from '../../../devnet/layout.ts';
import { startAlerting } from '../../../devnet/network.ts';
import { LOOPBACK } from '../../../devnet/ports.ts';
import { type Channel, CHANNELS, readKept } from '../../../devnet/receivers/kept.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import { type RosterMemo, rosterId } from '../../../workflows/roster/messages.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';

/** The api stays: what it says of itself is searched for secrets at the end. */
const ENDED = ['prometheus', 'alertmanager', 'receivers'];
const INCIDENTS_LOOKED_AT = 20;

/** What api.toml gives to playbooks, by playbook and input. */
type Given = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * Prometheus, Alertmanager, the api and whoever is told, beside a network that runs. What is given stands in api.toml, as an
 * installation would write it; the playbooks are those that ship, with the digests that the committee signed.
 */
export async function startAlertingWith(net: LiveNetwork, given: Given): Promise<{ stop(): Promise<void> }> {
  const sections = Object.entries(given).map(([playbook, inputs]) =>
    [
      `\n[playbooks.inputs.${playbook}]`,
      ...Object.entries(inputs).map(([input, value]) => `${input} = ${JSON.stringify(value)}`),
      '',
    ].join('\n'),
  );
  appendFileSync(net.layout.alerts.config, sections.join(''));
  await startAlerting(net);
  return {
    async stop() {
      for (const name of ENDED) await net.supervisor.hold(name);
    },
  };
}

/** One alert in our own signed form, as a script would send it; gives the status of the answer. */
export async function deliver(net: LiveNetwork, name: string, labels: Readonly<Record<string, string>>) {
  const secret = readFileSync(net.layout.alerts.secret('scripts'), 'utf8').trim();
  const alert = { id: `${name}-of-a-test`, name, labels, startedAt: new Date().toISOString() };
  const { status } = await asScript(`http://${LOOPBACK}:${net.ports.alerts}`, [alert], Date.now(), secret);
  return status;
}

export async function incidentsSince(
  { client, layout }: LiveNetwork,
  sinceMs: number,
): Promise<readonly ListedIncident[]> {
  const incidents = await incidentsOf(client, readOperator(layout.root), INCIDENTS_LOOKED_AT);
  return incidents.filter(({ openedAtMs }) => openedAtMs >= sinceMs);
}

/** The channels whose receivers have kept these words since then. */
export const heardOn = ({ layout }: LiveNetwork, words: RegExp, sinceMs: number): readonly Channel[] =>
  CHANNELS.filter((channel) =>
    readKept(layout.receivers.dir, channel).some(
      ({ atMs, headline, text }) => atMs >= sinceMs && words.test(`${headline} ${text}`),
    ),
  );

/** Whom playbooks leave out now; the engine drops a memo that is empty. */
export async function pausedIn({ client }: LiveNetwork): Promise<readonly ValidatorId[]> {
  const { memo } = await client.workflow.getHandle(rosterId(NETWORK_NAME)).describe();
  return (memo as Partial<RosterMemo>).paused?.map(({ validator }) => validator) ?? [];
}
