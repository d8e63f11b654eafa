import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { authorityOf, digestNamed, genesis, handOver, NOW, seats } from '../approval/testkit/voting.ts';
import { committeeDigest, type MemberSignature } from './committee.ts';
import {
  type BreakGlass,
  type Grant,
  grantDigest,
  type GrantRefusal,
  judgeGrant,
  type SignedGrant,
  type StandingOrder,
} from './grant.ts';
import {
  type GrantUse,
  grantUseDigest,
  type GrantUseRefusal,
  judgeGrantUse,
  type SignedGrantUse,
} from './grant-use.ts';
import { orderDigest, type OrderState } from './order.ts';
import { committeeOf, deputy, principal, signaturesBy, type TestKey, testKey } from './testkit/keys.ts';

const authority = authorityOf(genesis, []);
const HOUR = 3_600;

const body = {
  version: 1,
  environment: genesis.environment,
  network: genesis.name,
  committeeEpoch: 1,
  committee: committeeDigest(genesis.committee),
  number: 1,
  class: 'freeze',
  scope: 'payouts',
  reason: 'freeze first when a share may be out',
} as const;
const standing: StandingOrder = {
  ...body,
  kind: 'standing-order',
  playbook: digestNamed('plan'),
  limits: { usesMax: 2, freezeSecondsMax: 2 * HOUR, validFromSeconds: NOW - 10, validUntilSeconds: NOW + 30 * 86_400 },
};
const glass: BreakGlass = {
  ...body,
  kind: 'break-glass',
  limits: { usesMax: 1, freezeSecondsMax: HOUR, validFromSeconds: NOW - 10, validUntilSeconds: NOW + 30 * 86_400 },
  holders: [principal(0).voter, principal(1).voter],
  holdersNeeded: 1,
  reviewSeconds: 86_400,
};
const three = seats(3).map(principal);
const seven = seats(7).map(principal);
const signed = (
  grant: Grant,
  signers: readonly TestKey[] = grant.kind === 'standing-order' ? three : seven,
): SignedGrant => ({
  grant,
  signatures: signaturesBy(signers, grantDigest(grant)),
});

type Situation = {
  readonly grant: SignedGrant;
  readonly use: SignedGrantUse;
  readonly past: readonly GrantUse[];
  readonly current: OrderState;
  readonly authority: typeof authority;
  readonly now: number;
};
const useOf = (grant: Grant, change: Partial<GrantUse> = {}): GrantUse => ({
  version: 1,
  grant: grantDigest(grant),
  ...(grant.kind === 'standing-order' ? { playbook: grant.playbook } : {}),
  run: 'incident/laptop/7',
  step: 'freeze',
  afterOrder: 4,
  startedAtSeconds: NOW,
  freezeSeconds: HOUR,
  ...change,
});
const situation = (change: Partial<Situation> = {}): Situation => ({
  grant: signed(standing),
  use: { use: useOf(standing), signatures: [] },
  past: [],
  current: { number: 4, frozenUntilSeconds: 0 },
  authority,
  now: NOW,
  ...change,
});
/** A standing order other than the sound one, and a use that names it. */
const under = (change: Partial<StandingOrder>, signers?: readonly TestKey[]): Situation => {
  const grant = { ...standing, ...change };
  return situation({ grant: signed(grant, signers), use: { use: useOf(grant), signatures: [] } });
};
const used = (change: Partial<GrantUse>): Situation =>
  situation({ use: { use: useOf(standing, change), signatures: [] } });
const limited = (change: Partial<StandingOrder['limits']>): Situation =>
  under({ limits: { ...standing.limits, ...change } });
const broken = (
  change: Partial<BreakGlass> = {},
  by: readonly TestKey[] = [principal(0)],
  signers?: readonly TestKey[],
): Situation => {
  const grant = { ...glass, ...change };
  const use = useOf(grant);
  return situation({ grant: signed(grant, signers), use: { use, signatures: signaturesBy(by, grantUseDigest(use)) } });
};
const judge = (given: Situation) =>
  judgeGrantUse(given.grant, given.use, given.past, given.current, given.authority, given.now);

test('a standing order freezes for as long as the use says, and keeps the number of the last order', () => {
  expect(judge(situation())).toEqual({
    ok: true,
    value: { state: { number: 4, frozenUntilSeconds: NOW + HOUR }, isNew: true },
  });
});

test('a use that somebody learns of after the end of the grant counts while its freeze goes on; one that began after it does not', () => {
  const { validUntilSeconds } = standing.limits;
  const made = (startedAtSeconds: number) =>
    judge(
      situation({
        use: { use: useOf(standing, { startedAtSeconds, freezeSeconds: 2 * HOUR }), signatures: [] },
        now: validUntilSeconds + HOUR,
      }),
    );
  expect(made(validUntilSeconds - 1)).toMatchObject({ ok: true });
  expect(made(validUntilSeconds)).toMatchObject({ ok: false, refusal: { code: 'policy.grant-window' } });
  expect(made(validUntilSeconds - 2 * HOUR)).toMatchObject({ ok: false, refusal: { code: 'policy.grant-duration' } });
});

test('a freeze that lasts longer already is not shortened', () => {
  const current = { number: 4, frozenUntilSeconds: NOW + 9 * HOUR };
  expect(judge(situation({ current }))).toMatchObject({ value: { state: current } });
});

test('the same use told again is one use', () => {
  expect(judge(situation({ past: [useOf(standing)] }))).toMatchObject({ ok: true, value: { isNew: false } });
});

test('break-glass takes one named holder, freezes briefly and says by when it must be reviewed', () => {
  expect(judge(broken())).toEqual({
    ok: true,
    value: { state: { number: 4, frozenUntilSeconds: NOW + HOUR }, isNew: true, reviewDueAtSeconds: NOW + 86_400 },
  });
});

type Attack = readonly [string, GrantRefusal | GrantUseRefusal, () => Situation];
const attacks: readonly Attack[] = [
  ['a standing order of a drill in production', 'policy.grant-environment', () => under({ environment: 'drill' })],
  ['a standing order of another network', 'policy.grant-environment', () => under({ network: 'mainland' })],
  [
    'a standing order of the committee before the hand-over',
    'policy.grant-epoch',
    () => situation({ authority: authorityOf(genesis, [handOver]) }),
  ],
  [
    'a standing order of another committee of this epoch',
    'policy.grant-epoch',
    () => under({ committee: committeeDigest(committeeOf(1, seats(10, 2))) }),
  ],
  ['a standing order that two members signed', 'policy.grant-quorum', () => under({}, three.slice(0, 2))],
  [
    'a standing order signed by principal and deputy of one seat',
    'policy.grant-quorum',
    () => under({}, [principal(0), deputy(0), principal(1)]),
  ],
  [
    'a standing order that one member signed three times',
    'policy.grant-quorum',
    () => under({}, [principal(3), principal(3), principal(3)]),
  ],
  [
    'a standing order signed by strangers',
    'policy.grant-quorum',
    () =>
      under(
        {},
        ['a', 'b', 'c'].map((name) => testKey(name)),
      ),
  ],
  ['a standing order to lift', 'policy.grant-scope', () => under({ class: 'lift' as 'freeze' })],
  ['a standing order about sweeps', 'policy.grant-scope', () => under({ scope: 'sweeps' as 'payouts' })],
  ['a standing order without end of uses', 'policy.grant-limits', () => limited({ usesMax: 11 })],
  [
    'a standing order that freezes for two days',
    'policy.grant-limits',
    () => limited({ freezeSecondsMax: 2 * 86_400 }),
  ],
  ['a standing order for a year', 'policy.grant-limits', () => limited({ validUntilSeconds: NOW + 365 * 86_400 })],
  [
    'a standing order that ends before it begins',
    'policy.grant-limits',
    () => limited({ validUntilSeconds: NOW - 20 }),
  ],
  ['a standing order before its time', 'policy.grant-window', () => limited({ validFromSeconds: NOW + 5 })],
  ['a standing order after its time', 'policy.grant-window', () => limited({ validUntilSeconds: NOW })],
  [
    'limits widened after the members had signed',
    'policy.grant-quorum',
    () => {
      const grant = { ...standing, limits: { ...standing.limits, usesMax: 10 } };
      return situation({
        grant: { grant, signatures: signed(standing).signatures },
        use: { use: useOf(grant), signatures: [] },
      });
    },
  ],
  [
    'signatures of a freeze order under a standing order',
    'policy.grant-quorum',
    () => {
      const order = {
        version: 1,
        kind: 'freeze',
        environment: 'production',
        network: 'laptop',
        committeeEpoch: 1,
        number: 1,
        scope: 'payouts',
        reason: 'x',
        expiresAtSeconds: NOW + HOUR,
      } as const;
      return situation({ grant: { grant: standing, signatures: signaturesBy(three, orderDigest(order)) } });
    },
  ],
  ['a use that names another grant', 'policy.grant-other', () => used({ grant: digestNamed('another grant') })],
  [
    'a use by a playbook that was edited since',
    'policy.grant-playbook',
    () => used({ playbook: digestNamed('edited plan') }),
  ],
  [
    'a use by no playbook',
    'policy.grant-playbook',
    () => {
      const { playbook: _playbook, ...use } = useOf(standing);
      return situation({ use: { use, signatures: [] } });
    },
  ],
  ['a use that freezes longer than allowed', 'policy.grant-duration', () => used({ freezeSeconds: 2 * HOUR + 1 })],
  ['a use that begins tomorrow', 'policy.grant-duration', () => used({ startedAtSeconds: NOW + 86_400 })],
  ['a use from before the grant', 'policy.grant-duration', () => used({ startedAtSeconds: NOW - 11 })],
  ['a use that is over', 'policy.grant-duration', () => ({ ...situation(), now: NOW + HOUR })],
  [
    'a third use of two',
    'policy.grant-uses',
    () =>
      situation({
        past: [useOf(standing, { run: 'incident/laptop/5' }), useOf(standing, { run: 'incident/laptop/6' })],
      }),
  ],
  [
    'a step that freezes twice',
    'conflict.grant-repeated',
    () => situation({ past: [useOf(standing, { freezeSeconds: HOUR / 2 })] }),
  ],
  [
    'a use that is replayed after the lift',
    'conflict.grant-passed',
    () => situation({ current: { number: 5, frozenUntilSeconds: 0 } }),
  ],
  ['a use that runs ahead of the orders', 'not-yet.grant-order', () => used({ afterOrder: 5 })],
  ['break-glass signed by a freeze quorum', 'policy.grant-quorum', () => broken({}, [principal(0)], three)],
  ['break-glass used by a member who is no holder', 'policy.grant-holder', () => broken({}, [principal(5)])],
  ['break-glass used by the deputy of a holder', 'policy.grant-holder', () => broken({}, [deputy(0)])],
  ['break-glass used without a signature', 'policy.grant-holder', () => broken({}, [])],
  ['break-glass that needs two, used by one', 'policy.grant-holder', () => broken({ holdersNeeded: 2 })],
  [
    'break-glass for holders without a seat',
    'policy.grant-holders',
    () => broken({ holders: [testKey('mallory').voter] }),
  ],
  [
    'break-glass for principal and deputy as if they were two',
    'policy.grant-holders',
    () => broken({ holders: [principal(0).voter, deputy(0).voter], holdersNeeded: 2 }),
  ],
  ['break-glass that needs nobody', 'policy.grant-holders', () => broken({ holdersNeeded: 0 })],
  [
    'break-glass for a whole day',
    'policy.grant-limits',
    () => broken({ limits: { ...glass.limits, freezeSecondsMax: 86_400 } }),
  ],
  [
    'break-glass that is used a second time',
    'policy.grant-uses',
    () => ({ ...broken(), past: [useOf(glass, { run: 'incident/laptop/6' })] }),
  ],
  [
    'a standing order presented as break-glass',
    'policy.grant-playbook',
    () => {
      const use = { ...useOf(glass), grant: grantDigest(standing) };
      return situation({ use: { use, signatures: signaturesBy([principal(0)], grantUseDigest(use)) } });
    },
  ],
];

test.each(attacks)('refused among grants: %s', (_name, code, make) => {
  expect(judge(make())).toMatchObject({ ok: false, refusal: { code } });
});

test('no sequence of uses freezes more often than the grant says, nor past the end of one use', () => {
  const attempt = fc.record({
    run: fc.integer({ min: 1, max: 6 }),
    freezeSeconds: fc.integer({ min: -1, max: 3 * HOUR }),
    after: fc.integer({ min: 0, max: 2 * HOUR }),
    afterOrder: fc.integer({ min: 3, max: 5 }),
  });
  const grant = signed(standing);
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 12 }), (attempts) => {
      let state: OrderState = { number: 4, frozenUntilSeconds: 0 };
      let now = NOW;
      const past: GrantUse[] = [];
      for (const { run, freezeSeconds, after, afterOrder } of attempts) {
        now += after;
        const use = useOf(standing, {
          run: `incident/laptop/${run}`,
          freezeSeconds,
          afterOrder,
          startedAtSeconds: now,
        });
        const verdict = judgeGrantUse(grant, { use, signatures: [] }, past, state, authority, now);
        if (!verdict.ok) continue;
        if (verdict.value.isNew) past.push(use);
        state = verdict.value.state;
        expect(state.frozenUntilSeconds).toBeLessThanOrEqual(now + standing.limits.freezeSecondsMax);
        expect(state.number).toBe(4);
      }
      expect(past.length).toBeLessThanOrEqual(standing.limits.usesMax);
    }),
    { numRuns: 40 },
  );
});

test('a grant is judged without a use too, for whoever signs or shows it', () => {
  const none: readonly MemberSignature[] = [];
  expect(judgeGrant({ grant: standing, signatures: none }, authority, NOW)).toMatchObject({
    refusal: { code: 'policy.grant-quorum', details: { have: 0, need: 3 } },
  });
  expect(judgeGrant(signed(glass), authority, NOW)).toMatchObject({ ok: true });
});
