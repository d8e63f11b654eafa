import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Network } from '../network.ts';
import { LOOPBACK } from '../ports.ts';
import { getJson } from '../ready.ts';

const alertsSchema = z.object({
  data: z.object({
    alerts: z.array(
      z.object({ labels: z.object({ alertname: z.string() }), state: z.string(), activeAt: z.iso.datetime() }),
    ),
  }),
});

/** Since when a rule fires, Unix milliseconds, as Prometheus itself says it. */
export async function firingSince({ ports }: Pick<Network, 'ports'>, alert: string): Promise<number> {
  const said = alertsSchema.parse(await getJson(`http://${LOOPBACK}:${ports.prometheus}/api/v1/alerts`));
  const firing = said.data.alerts.find(({ labels, state }) => labels.alertname === alert && state === 'firing');
  if (firing !== undefined) return Date.parse(firing.activeAt);
  throw new FirebreakFailure('unknown-outcome.story', `Prometheus does not say that ${alert} fires`);
}
