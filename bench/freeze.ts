import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connectWith } from '../cli/connecting.ts';
import { readOrder } from '../cli/documents.ts';
import { makeOrder } from '../cli/order/make.ts';
import { sendOrder } from '../cli/order/send.ts';
import { signOrder } from '../cli/order/sign.ts';
import type { OrderKind } from '../domain/committee/order.ts';
import { validatorName } from '../domain/network/network.ts';
import { QUORUM, VALIDATOR_COUNT, validatorIds } from '../devnet/layout.ts';
import type { Network } from '../devnet/network.ts';
import { LOOPBACK } from '../devnet/ports.ts';
import { getJson, untilReady } from '../devnet/ready.ts';
import { silent } from '../devnet/silent.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { maximum, quantile } from './statistics.ts';

const FREEZES = 12;
const OBEYED_MS = 30_000;

export const freeze: Measure = {
  name: 'freeze',
  sharesNetwork: true,
  about:
    `A whole network of ${VALIDATOR_COUNT} validators. A freeze is signed by ${QUORUM.freeze} of the committee, one after the other, and handed to one validator (\`order send\`, in this ` +
    'process: starting a program is not in it, dialling and the handshake are). Result: from the moment at which the last needed signature stands in the file until the journal of the ' +
    'last validator has the order, by its own time; then every one of them has to say over HTTP that it is frozen. Each freeze is lifted by seven before the next. No Temporal, no worker.',
  run: async (setting) => readings(await freezes(setting)),
};

async function freezes({ runs = FREEZES, say, signal, network }: Setting): Promise<readonly (readonly number[])[]> {
  const running = await network();
  const done: (readonly number[])[] = [];
  for (let round = 1; round <= runs; round += 1) {
    signal.throwIfAborted();
    try {
      done.push(await obeyed(running.network, 'freeze'));
    } finally {
      // Also of a freeze that not everybody obeyed: others use this network.
      await obeyed(running.network, 'lift');
    }
    say(`${round} of ${runs}: the last one froze after ${maximum(done.at(-1) ?? []).toFixed(0)} ms`);
  }
  return done;
}

/** An order from its signing to its obeying; gives the milliseconds of each validator since the last needed signature. */
async function obeyed(network: Network, kind: OrderKind): Promise<readonly number[]> {
  const { layout, ports, signal } = network;
  const file = join(layout.committee.dir, `bench-${kind}.json`);
  rmSync(file, { force: true });
  const where = { data: layout.root };
  const words = { ...where, reason: 'of a measure', for: '1h', out: file };
  await makeOrder(kind, words, connectWith(where));
  const { number } = readOrder(file).order;
  for (let member = 1; member <= QUORUM[kind]; member += 1)
    await signOrder(silent, file, { ...where, key: layout.committee.member(member), yes: true, json: true });
  const signedAtMs = Date.now();
  await sendOrder(file, where, connectWith(where));
  await Promise.all(
    validatorIds().map((id) =>
      untilReady({ what: validatorName(id), log: layout.validator(id).log, timeoutMs: OBEYED_MS, signal }, async () => {
        const status = await getJson(`http://${LOOPBACK}:${ports.api(id)}/api/v1/status`);
        const isFrozen = Number(status['frozen_until_seconds'] ?? 0) > 0;
        return status['order_number'] === number && isFrozen === (kind === 'freeze') ? true : undefined;
      }),
    ),
  );
  return validatorIds().map((id) => writtenAtMs(layout.validator(id).journal, number) - signedAtMs);
}

/** Unix milliseconds at which a validator wrote the order down, which is before it obeys anything against it. */
function writtenAtMs(journal: string, number: number): number {
  const database = new DatabaseSync(journal, { readOnly: true });
  try {
    const row = database.prepare('SELECT at FROM orders WHERE number = ?').get(number);
    if (typeof row?.['at'] !== 'number') throw new Error(`${journal} has no order ${number}`);
    return row['at'];
  } finally {
    database.close();
  }
}

function readings(done: readonly (readonly number[])[]): readonly Reading[] {
  const last = done.map(maximum);
  const each = done.flat();
  const ms = (samples: readonly number[], rank: number): string => `${quantile(samples, rank).toFixed(0)} ms`;
  return [
    {
      title: 'last signature to freeze in all validators, p99',
      unit: 's',
      result: quantile(last, 0.99) / 1_000,
      target: { of: 'result', max: 2 },
      detail: `${last.length} freezes of ${VALIDATOR_COUNT} validators, p50 ${ms(last, 0.5)}; of one validator p50 ${ms(each, 0.5)}, p99 ${ms(each, 0.99)}`,
    },
  ];
}
