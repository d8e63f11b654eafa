import { randomInt } from 'node:crypto';
import { SIGNER_COUNT, THRESHOLD } from '../devnet/layout.ts';
import { canonicalBytes } from '../domain/encoding/digest.ts';
import { type ValidatorId, validatorId } from '../domain/network/network.ts';
import { COORDINATOR, LinkedFleet } from '../test/network/rig/linked-fleet.ts';
import { Paying } from '../test/network/rig/paying.ts';
import { activeKey } from '../validator/custody/testkit/ceremonies.ts';
import { drawsOf, HostileSigners } from '../validator/custody/testkit/hostile-signer.ts';
import { signOrder } from '../validator/custody/testkit/network.ts';
import type { Measure, Reading, Setting } from './measure.ts';
import { maximum, median } from './statistics.ts';

const RUNS = 10;
const LATE_MS = 5_000;
const LOSS_PERCENT = 20;
const MALICIOUS = 3;
const COMMITTEE_LIFTS = 3;

/** The bars of the custody specification, sections 7.3.8 and 7.3.9. */
const BARS = { normalSeconds: 2, gossipSeconds: 5, signingSeconds: 10, healingSeconds: 120, perMinute: 10 };

export const scenarios: Measure = {
  name: 'scenarios',
  about:
    `The network scenarios of the custody specification with their bars: ${SIGNER_COUNT} validators, ${THRESHOLD} of which sign, in one process, with a ` +
    'proxy in each direction that anybody dials. A payout: from the first question for commitments to the signature. An order: from one validator ' +
    'to all. `test/network/scenarios.test.ts` proves what happens; here is how long it takes.',
  run: async (setting) => {
    const linked = await LinkedFleet.start({
      validators: SIGNER_COUNT,
      threshold: THRESHOLD,
      chance: drawsOf(randomInt(2 ** 31)),
    });
    try {
      return await compare(linked, setting);
    } finally {
      await linked.stop();
    }
  },
};

async function compare(linked: LinkedFleet, { runs = RUNS, say, signal }: Setting): Promise<readonly Reading[]> {
  const { ids, links } = linked;
  const paying = await Paying.open(linked, (await activeKey(linked.fleet)).certificate);
  const [first, late] = [ids.slice(0, THRESHOLD), ids.slice(THRESHOLD)];
  const everybody = [...linked.places(ids), COORDINATOR];
  const readings: Reading[] = [];
  let orders = 0;
  const seconds = async (times: number, work: () => Promise<unknown>): Promise<number[]> => {
    const taken: number[] = [];
    for (let at = 0; at < times; at += 1) {
      signal.throwIfAborted();
      const startedMs = performance.now();
      await work();
      taken.push((performance.now() - startedMs) / 1_000);
    }
    return taken;
  };
  const pay = async (before: readonly ValidatorId[] = []): Promise<void> => {
    const { signature } = await paying.pay(paying.plan(), before);
    if (signature === undefined) throw new Error('a payout was not signed');
  };
  const hand = async (to: number): Promise<number> => {
    orders += 1;
    const signed = signOrder(linked.fleet.network, { kind: 'lift', number: orders }, COMMITTEE_LIFTS);
    await linked.fleet.ask(to, { case: 'obeyOrder', value: { signedOrder: canonicalBytes(signed) } });
    return orders;
  };
  const obeyed = (number: number): Promise<void> =>
    linked.until(() => ids.every((id) => linked.fleet.get(id).agent.report().orders.number === number));
  const tell = async (): Promise<void> => obeyed(await hand(1));
  const slowest = (title: string, taken: readonly number[], max: number): void => {
    say(`${title}: ${maximum(taken).toFixed(2)} s`);
    readings.push({
      title,
      unit: 's',
      result: maximum(taken),
      target: { of: 'result', max },
      detail: `the slowest of ${taken.length}, median ${median(taken).toFixed(2)} s`,
    });
  };
  const during = async (impose: () => void, work: () => Promise<void>): Promise<void> => {
    impose();
    try {
      await work();
    } finally {
      links.lift('scenario');
      await linked.whole();
    }
  };

  await pay();
  const normal = await seconds(runs, pay);
  slowest('normal: a payout', normal, BARS.normalSeconds);
  readings.push({
    title: 'normal: payouts in turn, a minute',
    unit: '/min',
    result: 60 / median(normal),
    target: { of: 'result', min: BARS.perMinute },
    detail: `from the median of ${normal.length}`,
  });
  slowest('normal: an order in all validators', await seconds(runs, tell), BARS.gossipSeconds);

  await during(
    () => links.between('scenario', linked.places(late), [...linked.places(first), COORDINATOR], { delayMs: LATE_MS }),
    async () => slowest('high latency: a payout', await seconds(runs, pay), BARS.signingSeconds),
  );
  await during(
    () => links.impose('scenario', everybody, everybody, { lossPercent: LOSS_PERCENT }),
    async () => {
      slowest('message loss: a payout', await seconds(runs, pay), BARS.signingSeconds);
      slowest('message loss: an order in all validators', await seconds(runs, tell), BARS.gossipSeconds);
    },
  );

  const healing: number[] = [];
  for (let at = 0; at < Math.min(runs, 3); at += 1) {
    let latest = 0;
    links.between('scenario', linked.places(ids.slice(0, 8)), linked.places(ids.slice(8)), { held: true });
    latest = await hand(1);
    links.lift('scenario');
    healing.push(...(await seconds(1, () => obeyed(latest))));
    await linked.whole();
  }
  slowest('partition of 8 and 7: an order in all validators, once it is over', healing, BARS.healingSeconds);

  const byzantine: number[] = [];
  for (let at = 0; at < runs; at += 1) {
    const liars = hostile(linked, at);
    byzantine.push(...(await seconds(1, () => pay(liars))));
    linked.handlers.clear();
  }
  slowest(`byzantine: a payout among whose signers ${MALICIOUS} lie`, byzantine, BARS.signingSeconds);

  for (const id of late.toReversed()) await linked.down(id);
  await linked.whole();
  slowest('5 failures: a payout', await seconds(runs, pay), BARS.signingSeconds);
  return readings;
}

/** Their partial signatures are wrong from now on. */
function hostile(linked: LinkedFleet, seed: number): readonly ValidatorId[] {
  const identities = linked.fleet.network.hosts.map(({ key }, at) => [validatorId(at + 1), key] as const);
  const signers = new HostileSigners(
    linked.fleet.genesis,
    new Map(identities),
    MALICIOUS,
    { spoilers: (inIt) => inIt, deeds: ['wrong'], commitmentDeeds: ['honest'] },
    seed,
  );
  const { identity } = linked.fleet.network.coordinator;
  for (const id of signers.hostile)
    linked.handlers.set(
      id,
      signers.handlerOf(id, (bytes) => linked.fleet.get(id).agent.handle(bytes, identity)),
    );
  return [...signers.hostile];
}
