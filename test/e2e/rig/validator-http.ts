import { LOOPBACK } from '../../../devnet/ports.ts';
import { validatorIds } from '../../../devnet/layout.ts';
import type { Network } from '../../../devnet/network.ts';
import { type ValidatorId, validatorName } from '../../../domain/network/network.ts';
import { until } from '../../../devnet/until.ts';

export type Said = Readonly<Record<string, unknown>>;

const ANSWER_MS = 3_000;

async function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'error' });
}

/** `GET /api/v1/status`: state, reasons, order number, frozen until, keysets, tip. */
export const statusOf = async ({ ports }: Network, id: ValidatorId): Promise<Said> =>
  (await (await get(`http://${LOOPBACK}:${ports.api(id)}/api/v1/status`)).json()) as Said;

export const canSign = async ({ ports }: Network, id: ValidatorId): Promise<Said> =>
  (await (await get(`http://${LOOPBACK}:${ports.health(id)}/can-sign`)).json()) as Said;

export const metricsPage = async ({ ports }: Network, id: ValidatorId): Promise<string> =>
  (await get(`http://${LOOPBACK}:${ports.health(id)}/metrics`)).text();

/** Sum of a metric over its labels, or of the series whose labels contain `label`; undefined when the page has no such series. */
export function metricIn(page: string, name: string, label = ''): number | undefined {
  const values = page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => line.includes(label))
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

/** Waits until every one of `ids` says something about itself that `isSo` accepts; who has not is in the message. */
export async function untilAll(
  network: Network,
  what: string,
  isSo: (status: Said) => boolean,
  timeoutMs: number,
  ids: readonly ValidatorId[] = validatorIds(),
): Promise<ReadonlyMap<ValidatorId, Said>> {
  return until(`${what} at ${ids.length} validators`, { timeoutMs, everyMs: 200 }, async () => {
    const statuses = new Map<ValidatorId, Said>();
    const not: string[] = [];
    for (const id of ids) {
      const status = await statusOf(network, id).catch((error: Error): Said => ({ silent: error.message }));
      statuses.set(id, status);
      if (!isSo(status)) not.push(`${validatorName(id)} ${JSON.stringify(status).slice(0, 300)}`);
    }
    if (not.length > 0) throw new Error(`not so: ${not.join('; ')}`);
    return statuses;
  });
}

export const isReady = (status: Said): boolean => status['state'] === 'ready';
