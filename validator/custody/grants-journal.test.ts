import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import type { SignedGrant } from '../../domain/committee/grant.ts';
import { grantUseDigest, type SignedGrantUse } from '../../domain/committee/grant-use.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { breakGlass, pinnedCommittee, standingOrder, useOf } from './testkit/committee.ts';
import { payoutBench } from './testkit/payout-bench.ts';

const bench = payoutBench();
const now = (): number => Math.floor(bench.nowMs / 1_000);
let grants = 0;
/** A grant that no other test has used. */
const fresh = (): SignedGrant => standingOrder(bench.fleet.network, now(), { number: (grants += 1) });
const use = (grant: SignedGrant, signed: SignedGrantUse, id: number) =>
  bench.fleet.ask(id, {
    case: 'useGrant',
    value: { signedGrant: canonicalBytes(grant), signedGrantUse: canonicalBytes(signed) },
  });

describe('uses of grants in the journal', () => {
  test('a use and the end of its freeze are one write: cut off anywhere, neither is there and nothing was answered', async () => {
    const { journal } = bench.fleet.get(2);
    const grant = fresh();
    const { state } = journal.orders.standing();
    const signedUse = useOf(grant, now(), { afterOrder: state.number });
    const row = {
      digest: grantUseDigest(signedUse.use),
      signedGrant: grant,
      signedUse,
      frozenUntilSeconds: state.frozenUntilSeconds + 9_000,
      obeyed: true,
    };
    expect(() =>
      journal.atOnce(() => {
        journal.grants.use(row, bench.nowMs);
        expect(journal.orders.standing().state.frozenUntilSeconds).toBe(row.frozenUntilSeconds);
        throw new Error('the power is gone');
      }),
    ).toThrow();
    expect(journal.orders.standing().state).toEqual(state);
    expect(journal.grants.uses(signedUse.use.grant)).toEqual([]);
    await bench.fleet.crash(2);
    expect(bench.fleet.get(2).journal.grants.uses(signedUse.use.grant)).toEqual([]);
  });

  test('a disk that is full refuses the use, and the same use is obeyed when there is room again', async () => {
    const { grants: journalled, orders } = bench.fleet.get(3).journal;
    const grant = fresh();
    const signed = useOf(grant, now(), { afterOrder: orders.standing().state.number, freezeSeconds: 3_600 });
    const write = journalled.use;
    Object.assign(journalled, {
      use: () => {
        throw new Error('no space left');
      },
    });
    expect(await use(grant, signed, 3)).toMatchObject({ ok: false });
    Object.assign(journalled, { use: write });
    expect(await use(grant, signed, 3)).toMatchObject({ ok: true });
  });

  test('a report counts uses of every kind without reading any but the one that freezes', async () => {
    const { agent, journal } = bench.fleet.get(4);
    const glass = breakGlass(bench.fleet.network, now());
    const afterOrder = (): number => journal.orders.standing().state.number;
    const [holder] = pinnedCommittee(bench.fleet.network).keys;
    if (holder === undefined) throw new Error('the committee has members');
    const before = agent.report();
    const [order, signed] = [fresh(), useOf(glass, now(), { afterOrder: afterOrder() }, [holder])];
    expect(await use(glass, signed, 4)).toMatchObject({ ok: true });
    expect(await use(order, useOf(order, now(), { afterOrder: afterOrder() }), 4)).toMatchObject({ ok: true });
    const { all } = journal.grants;
    Object.assign(journal.grants, {
      all: () => {
        throw new Error('a report is made at every scrape');
      },
    });
    expect(agent.report()).toMatchObject({
      state: before.state,
      grantUses: before.grantUses + 2,
      breakGlassUses: before.breakGlassUses + 1,
    });
    Object.assign(journal.grants, { all });
  });

  test('a changed end of a freeze halts the validator', async () => {
    const { agent, journal } = bench.fleet.get(3);
    const vandal = new DatabaseSync(journal.file);
    vandal.exec('UPDATE grant_uses SET frozen_until = 1');
    vandal.close();
    expect(agent.report().state).toBe('halted');
    expect(await bench.fleet.ask(3, { case: 'sayOrderState', value: {} })).toMatchObject({
      code: 'policy.journal-damaged',
    });
  });
});
