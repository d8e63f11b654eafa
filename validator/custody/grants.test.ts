import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import type { SignedGrant } from '../../domain/committee/grant.ts';
import { grantUseDigest, type SignedGrantUse } from '../../domain/committee/grant-use.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { openEnvelope } from '../../wire/envelope.ts';
import { AnnouncementSchema, OrderStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import {
  breakGlass,
  nextCommittee,
  pinnedCommittee,
  PLAN,
  signaturesOf,
  signEpoch,
  standingOrder,
  useOf,
} from './testkit/committee.ts';
import { hostKey, signOrder } from './testkit/network.ts';
import { payoutBench } from './testkit/payout-bench.ts';

/** Four validators that can really pay out; each test freezes after the orders of the one before. */
const bench = payoutBench();
const now = (): number => Math.floor(bench.nowMs / 1_000);
let grants = 0;
/** A grant that no other test has used. */
const fresh = (more: Parameters<typeof standingOrder>[2] = {}): SignedGrant =>
  standingOrder(bench.fleet.network, now(), { number: (grants += 1), ...more });
const numberOf = (id = 1): number => bench.fleet.get(id).agent.report().orders.number;
const used = (
  grant: SignedGrant,
  change: Partial<SignedGrantUse['use']> = {},
  holders?: Parameters<typeof useOf>[3],
): SignedGrantUse => useOf(grant, now(), { afterOrder: numberOf(), ...change }, holders);

const use = (grant: SignedGrant, signed: SignedGrantUse, id = 1, peer?: string) =>
  bench.fleet.ask(
    id,
    { case: 'useGrant', value: { signedGrant: canonicalBytes(grant), signedGrantUse: canonicalBytes(signed) } },
    peer,
  );
const gossip = (grant: SignedGrant, signed: SignedGrantUse, id: number) =>
  bench.fleet
    .get(id)
    .agent.hear(
      toBinary(
        AnnouncementSchema,
        create(AnnouncementSchema, { signedGrant: canonicalBytes(grant), signedGrantUse: canonicalBytes(signed) }),
      ),
      bench.fleet.network.hosts[1]?.identity ?? '',
    );
async function lift(ids: readonly number[] = [1, 2, 3, 4]): Promise<number> {
  const number = Math.max(...[1, 2, 3, 4].map(numberOf)) + 1;
  const signed = signOrder(bench.fleet.network, { kind: 'lift', number }, 3);
  for (const id of ids) await bench.fleet.get(id).agent.obey(signed);
  return number;
}
const frozenUntil = (id = 1): number => bench.fleet.get(id).agent.report().orders.frozenUntilSeconds;
async function orderStateOf(id: number) {
  const reply = await bench.fleet.ask(id, { case: 'sayOrderState', value: {} });
  const opened = reply.ok && openEnvelope(bench.fleet.genesis, reply.envelope, { round: Round.ORDER_STATE });
  if (!opened || !opened.ok) throw new Error('a validator says where it stands');
  return fromBinary(OrderStateSchema, opened.value.payload);
}
const replyToPayout = () => bench.pay(bench.plan());
async function payoutOf(): Promise<string> {
  const reply = await replyToPayout();
  return reply.ok ? 'signed' : reply.code;
}

test('a use of a standing order stops payouts until a signed lift, and the lift lets them go on', async () => {
  expect(await payoutOf()).toBe('signed');
  const grant = fresh();
  expect(await use(grant, used(grant))).toMatchObject({ ok: true });
  expect(await replyToPayout()).toMatchObject({
    code: 'policy.frozen',
    message: expect.stringContaining(`payouts are frozen by standing order ${grant.grant.number} until`),
  });
  expect(bench.fleet.get(1).agent.report().frozenBy).toMatchObject({ kind: 'standing-order', step: 'freeze' });
  expect(bench.fleet.get(1).agent.report()).toMatchObject({ breakGlassUses: 0 });
  await lift();
  expect(await payoutOf()).toBe('signed');
});

test('it keeps the number of the last order, and ends by itself', async () => {
  const before = await lift();
  const grant = fresh();
  await use(grant, used(grant, { freezeSeconds: 30 }));
  expect(await orderStateOf(1)).toMatchObject({
    number: BigInt(before),
    frozenUntilSeconds: BigInt(now() + 30),
    signedGrantUse: expect.any(Uint8Array),
  });
  bench.nowMs += 31_000;
  expect(await payoutOf()).toBe('signed');
});

test('the same use again is the same answer and one use, also after a restart and when its budget is spent', async () => {
  await lift();
  const grant = fresh({ limits: { usesMax: 1 } });
  const once = used(grant);
  await use(grant, once);
  const said = await orderStateOf(1);
  await bench.fleet.crash(1);
  expect(await use(grant, once)).toMatchObject({ ok: true });
  expect(await orderStateOf(1)).toEqual(said);
  expect(frozenUntil()).toBe(once.use.startedAtSeconds + 600);
  expect(await use(grant, used(grant, { run: 'another run' }))).toMatchObject({ code: 'policy.grant-uses' });
  expect(bench.fleet.get(1).journal.grants.uses(once.use.grant)).toHaveLength(1);
});

test('a freeze is renewed as often as the grant has uses, and never shortened', async () => {
  await lift();
  const grant = fresh({ limits: { usesMax: 2 } });
  await use(grant, used(grant, { freezeSeconds: 3_600 }));
  const end = frozenUntil();
  await use(grant, used(grant, { step: 'again', freezeSeconds: 60 }));
  expect(frozenUntil()).toBe(end);
  expect(await use(grant, used(grant, { step: 'once more' }))).toMatchObject({ code: 'policy.grant-uses' });
});

test('a use that a lift has overtaken freezes nothing, counts as spent, and is refused again after a restart', async () => {
  await lift();
  const grant = fresh({ limits: { usesMax: 1 } });
  const late = used(grant);
  await lift();
  expect(await use(grant, late)).toMatchObject({ code: 'conflict.grant-passed' });
  await bench.fleet.crash(1);
  expect(await use(grant, late)).toMatchObject({ code: 'conflict.grant-passed' });
  expect(await payoutOf()).toBe('signed');
  expect(await use(grant, used(grant, { run: 'another run' }))).toMatchObject({ code: 'policy.grant-uses' });
});

test('a later order sets the end of a freeze by itself, however long a use before it would have lasted', async () => {
  await lift();
  const grant = fresh();
  await use(grant, used(grant, { freezeSeconds: 3_600 }));
  const number = numberOf() + 1;
  await bench.fleet.get(1).agent.obey(signOrder(bench.fleet.network, { number, expiresAtSeconds: now() + 60 }, 2));
  expect(bench.fleet.get(1).agent.report()).toMatchObject({
    orders: { number, frozenUntilSeconds: now() + 60 },
    frozenBy: { kind: 'order', number },
  });
});

test('break-glass freezes with the signature of one of its holders, and counts only when it froze', async () => {
  await lift();
  const { network } = bench.fleet;
  const grant = breakGlass(network, now(), { number: (grants += 1) });
  const [holder, , stranger] = network.committee;
  if (holder === undefined || stranger === undefined) throw new Error('three members');
  expect(await use(grant, used(grant, {}, []))).toMatchObject({ code: 'policy.grant-holder' });
  expect(await use(grant, used(grant, {}, [stranger]))).toMatchObject({ code: 'policy.grant-holder' });
  expect(await use(grant, used(grant, {}, [holder]))).toMatchObject({ ok: true });
  expect(bench.fleet.get(1).agent.report()).toMatchObject({ frozenBy: { kind: 'break-glass' }, breakGlassUses: 1 });
  const overtaken = breakGlass(network, now(), { number: (grants += 1) });
  const late = used(overtaken, {}, [holder]);
  await lift();
  const before = bench.fleet.get(1).agent.report().grantUses;
  expect(await use(overtaken, late)).toMatchObject({ code: 'conflict.grant-passed' });
  expect(bench.fleet.get(1).agent.report()).toMatchObject({ grantUses: before + 1, breakGlassUses: 1 });
});

test('signatures of a use are over the use: those of another one say nothing', async () => {
  await lift();
  const { network } = bench.fleet;
  const grant = breakGlass(network, now(), { number: (grants += 1) });
  const signed = used(grant);
  const foreign = used(grant, { freezeSeconds: 1 });
  const [holder] = network.committee;
  if (holder === undefined) throw new Error('three members');
  const signatures = signaturesOf([holder], grantUseDigest(foreign.use));
  expect(await use(grant, { use: signed.use, signatures })).toMatchObject({ code: 'policy.grant-holder' });
});

describe('attacks', () => {
  type Attack = { readonly grant: SignedGrant; readonly use?: SignedGrantUse };
  const other = { environment: 'production' as const };
  const attacks: readonly (readonly [string, string, () => Attack])[] = [
    ['a grant of another environment', 'policy.grant-environment', () => ({ grant: fresh({ change: other }) })],
    ['a grant of another committee', 'policy.grant-epoch', () => ({ grant: fresh({ change: { committeeEpoch: 2 } }) })],
    ['a grant of too few members', 'policy.grant-quorum', () => ({ grant: fresh({ signers: keys().slice(0, 1) }) })],
    [
      'break-glass that only the freeze quorum signed',
      'policy.grant-quorum',
      () => {
        const grant = breakGlass(bench.fleet.network, now(), { number: (grants += 1), signers: keys().slice(0, 2) });
        return { grant, use: used(grant, {}, keys().slice(0, 1)) };
      },
    ],
    [
      'a grant whose limits were widened after it was signed',
      'policy.grant-quorum',
      () => {
        const { grant, signatures } = fresh();
        return { grant: { grant: { ...grant, limits: { ...grant.limits, usesMax: 10 } }, signatures } };
      },
    ],
    [
      'a grant that is not in force yet',
      'policy.grant-window',
      () => ({ grant: fresh({ limits: { validFromSeconds: now() + 60 } }) }),
    ],
    [
      'a grant whose time is over',
      'policy.grant-window',
      () => ({ grant: fresh({ limits: { validUntilSeconds: now() } }) }),
    ],
    [
      'a grant for longer than any grant may be',
      'policy.grant-limits',
      () => ({ grant: fresh({ limits: { validUntilSeconds: now() + 91 * 86_400 } }) }),
    ],
    ['a use of another grant', 'policy.grant-other', () => ({ grant: fresh(), use: used(fresh()) })],
    [
      'a use by a run of another playbook',
      'policy.grant-playbook',
      () => {
        const grant = fresh();
        return { grant, use: used(grant, { playbook: `${PLAN.slice(0, -2)}00` as typeof PLAN }) };
      },
    ],
    [
      'a freeze that is longer than the grant allows',
      'policy.grant-duration',
      () => {
        const grant = fresh();
        return { grant, use: used(grant, { freezeSeconds: 3_601 }) };
      },
    ],
    [
      'a use that begins in the future',
      'policy.grant-duration',
      () => {
        const grant = fresh();
        return { grant, use: used(grant, { startedAtSeconds: now() + 61 }) };
      },
    ],
    [
      'a use whose freeze is over',
      'policy.grant-duration',
      () => {
        const grant = fresh();
        return { grant, use: used(grant, { startedAtSeconds: now() - 50, freezeSeconds: 50 }) };
      },
    ],
    [
      'a use after an order that nobody has seen',
      'not-yet.grant-order',
      () => {
        const grant = fresh();
        return { grant, use: used(grant, { afterOrder: numberOf() + 1 }) };
      },
    ],
  ];
  const keys = () => bench.fleet.network.committee;

  test.each(attacks)('%s freezes nothing, handed or heard', async (_, code, make) => {
    await lift();
    const { grant, use: signed = used(grant) } = make();
    expect(await use(grant, signed)).toMatchObject({ ok: false, code });
    expect(await gossip(grant, signed, 1)).not.toBe('accept');
    expect(await payoutOf()).toBe('signed');
    expect(bench.fleet.get(1).journal.grants.uses(signed.use.grant)).toEqual([]);
  });

  test('another use in the name of the same step is refused, and the first one stands', async () => {
    await lift();
    const grant = fresh();
    await use(grant, used(grant));
    const end = frozenUntil();
    expect(await use(grant, used(grant, { freezeSeconds: 3_600 }))).toMatchObject({ code: 'conflict.grant-repeated' });
    expect(frozenUntil()).toBe(end);
  });

  test('a grant with more signatures than one announcement carries is refused before it is judged', async () => {
    await lift();
    const grant = fresh();
    const signature = 'ab'.repeat(3_309);
    const bulky = {
      ...grant,
      signatures: Array.from({ length: 45 }, (_unused, at) => ({ member: `${at}`.padStart(64, '0'), signature })),
    };
    expect(await use(bulky, used(grant))).toMatchObject({ code: 'input.grant-size' });
  });

  test('a stranger hands nothing on; a validator of the roster may, since a use proves itself', async () => {
    await lift();
    const grant = fresh();
    expect(await use(grant, used(grant), 1, hostKey().identity)).toMatchObject({ code: 'policy.peer-unlisted' });
    expect(await use(grant, used(grant), 1, bench.fleet.network.hosts[1]?.identity)).toMatchObject({ ok: true });
  });
});

test('signatures of nobody that ride along are neither kept nor told: what is said every second stays small', async () => {
  const { network } = bench.fleet;
  const nobody = Array.from({ length: 8 }, () => ({ member: hostKey().identity, signature: 'ab'.repeat(3_309) }));
  const before = bench.fleet.get(2).agent.announce().length;
  const number = (await lift([1])) + 1;
  const order = signOrder(network, { number, expiresAtSeconds: now() + 60 }, 2);
  await bench.fleet.get(2).agent.obey({ ...order, signatures: [...nobody, ...order.signatures, ...order.signatures] });
  expect(bench.fleet.get(2).journal.orders.current()?.signedOrder).toEqual(order);

  const [holder] = network.committee;
  if (holder === undefined) throw new Error('three members');
  const told: unknown[] = [];
  bench.fleet.get(2).agent.onNews((news) => {
    if (news.kind === 'use') told.push(news.grant, news.use);
  });
  const allowed = [
    { grant: fresh(), holders: [] },
    { grant: breakGlass(network, now(), { number: (grants += 1) }), holders: [holder] },
  ];
  for (const { grant, holders } of allowed) {
    const signed = useOf(grant, now(), { afterOrder: number }, holders);
    const padded = { ...signed, signatures: [...nobody, ...signed.signatures, ...signed.signatures] };
    const dressed = { ...grant, signatures: [...nobody, ...grant.signatures] };
    expect(await use(dressed, padded, 2)).toMatchObject({ ok: true });
    expect(bench.fleet.get(2).journal.grants.uses(signed.use.grant)).toMatchObject([
      { signedGrant: grant, signedUse: signed },
    ]);
    expect(told.splice(0)).toEqual([grant, signed]);
  }
  expect(bench.fleet.get(2).agent.announce().length - before).toBeLessThan(6_000);
});

describe('how others learn of it', () => {
  test('a use is told once with the order that it came after, and obeyed by whoever hears both', async () => {
    const number = await lift([1]);
    const told: string[] = [];
    let bytes = new Uint8Array();
    const { announcementOf } = await import('./news.ts');
    bench.fleet.get(1).agent.onNews((news) => {
      told.push(news.kind);
      if (news.kind === 'use') bytes = announcementOf(news) as typeof bytes;
    });
    const grant = fresh();
    const signed = used(grant);
    await use(grant, signed);
    await use(grant, signed);
    expect(told).toEqual(['use']);
    expect(numberOf(2)).toBeLessThan(number);
    expect(await bench.fleet.get(2).agent.hear(bytes, '')).toBe('accept');
    expect(bench.fleet.get(2).agent.report().orders).toEqual(bench.fleet.get(1).agent.report().orders);
    expect(await gossip(grant, signed, 2)).toBe('ignore');
  });

  test('liveness of a frozen peer freezes a validator that was away, also after the grant has ended', async () => {
    await lift();
    const grant = fresh({ limits: { validUntilSeconds: now() + 10 } });
    await use(grant, used(grant), 2);
    bench.nowMs += 20_000;
    await bench.fleet.get(1).agent.hear(bench.fleet.get(2).agent.announce(), '');
    expect(frozenUntil(1)).toBe(frozenUntil(2));
    expect(await payoutOf()).toBe('policy.frozen');
  });

  test('what a former committee allowed is followed when as many peers as it takes to sign stand at it, and not before', async () => {
    await lift();
    const { network } = bench.fleet;
    const grant = fresh();
    const frozen = used(grant);
    for (const id of [2, 3, 4]) await use(grant, frozen, id);
    const first = pinnedCommittee(network);
    const second = nextCommittee(first, [...first.keys.slice(1), hostKey()]);
    const value = { signedEpochs: [canonicalBytes(signEpoch(network, first, second))] };
    // A validator of its own from here on: the others of this file stay with the pinned committee.
    await bench.fleet.ask(4, { case: 'handEpochs', value });
    expect(bench.fleet.get(4).agent.report().orders.frozenUntilSeconds).toBe(frozenUntil(2));
    await bench.fleet.ask(1, { case: 'handEpochs', value });
    expect(await use(grant, frozen)).toMatchObject({ code: 'policy.grant-epoch' });
    for (const id of [2, 3]) {
      bench.nowMs += 1;
      await bench.fleet.get(1).agent.hear(bench.fleet.get(id).agent.announce(), '');
      expect(frozenUntil(1)).toBe(0);
    }
    bench.nowMs += 1;
    await bench.fleet.get(1).agent.hear(bench.fleet.get(4).agent.announce(), '');
    expect(frozenUntil(1)).toBe(frozenUntil(2));
  });
});
