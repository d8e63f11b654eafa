import { beforeAll, expect, test } from '@jest/globals';
import type { KeyCertificate } from '../../../domain/ceremony/ceremony.ts';
import { vaultIdOf } from '../../../domain/vault/terms.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { vaultScript } from '../../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import { POLICY } from '../testkit/agents.ts';
import { activeKey } from '../testkit/ceremonies.ts';
import { signTerms, vaultOwner } from '../testkit/network.ts';
import { AMOUNT } from '../testkit/payout-bench.ts';
import { depositTo, planPayout, type TestVault } from '../testkit/payouts.ts';
import { PARTICIPANTS, SUSPECT, sweepBench } from '../testkit/sweep-bench.ts';

const bench = sweepBench(8);
const codec = transactionCodec('regtest');
const vault = () => vaultIdOf(bench.vault.signedTerms.terms);
const rowAt = (id: number) => bench.fleet.get(id).journal.terms.get(vault(), bench.next.package.keyset);
const holdAt = (id: number, { signedTerms }: Pick<TestVault, 'signedTerms'>) =>
  bench.fleet.ask(id, {
    case: 'holdTerms',
    value: { signedTerms: encodeDocument(signedTerms), keyset: bench.next.package.keyset, watchFromHeight: 1 },
  });

/** A third key was made meanwhile, by all five and without votes: the second one, which the votes are for, is draining. */
let third: KeyCertificate;
beforeAll(async () => {
  ({ certificate: third } = await activeKey(bench.fleet, 3));
});

test('a key without coins retires only after the earlier one, whose coins may be on their way to it', async () => {
  const { chain, journal } = bench.fleet.get(4);
  const ask = async ({ package: { keyset } }: KeyCertificate) => {
    await bench.fleet.ask(4, { case: 'sayVaults', value: { keyset, after: '' } });
    return journal.keysets.get(keyset)?.state;
  };
  expect(await ask(bench.next)).toBe('draining');
  chain.spend(bench.outpoint, 'cc'.repeat(32));
  chain.mine(1_000 + POLICY.confirmationsRequired);
  expect(await ask(bench.next)).toBe('draining');
  expect(await ask(bench.old)).toBe('retired');
  expect(await ask(bench.next)).toBe('retired');
});

test('coins that were swept under a key that was succeeded meanwhile are paid out by it, although nobody showed their terms there', async () => {
  expect(
    bench.fleet
      .get(1)
      .journal.keysets.list()
      .map(({ state }) => state),
  ).toEqual(['draining', 'draining', 'active']);
  expect(third.package.epoch).toBe(3);
  for (const id of [1, 2, SUSPECT]) expect((await bench.ask(bench.plan(), id)).ok).toBe(true);
  const script = vaultScript(bench.next.package, bench.vault.signedTerms.terms);
  await bench.fleet.crash(1);
  for (const id of [1, 2]) {
    expect(rowAt(id)?.script).toBe(script);
    expect(bench.fleet.get(id).chain.watched).toContain(script);
  }
  // Whoever did not sign the sweep holds the vault when it is shown, validator 4 also under a key that has retired there.
  expect(rowAt(3)).toBeUndefined();
  for (const id of PARTICIPANTS) expect(await holdAt(id, bench.vault)).toMatchObject({ ok: true });
  const moved = { ...bench.vault, certificate: bench.next, script };
  const outpoint = depositTo(bench.fleet, moved, AMOUNT - 500);
  const payout = { outpoints: [outpoint], amountSats: AMOUNT - 500, feeSats: 500 };
  for (const id of [1, 2, 3]) {
    const planned = planPayout(bench.fleet, codec, moved, payout);
    expect((await bench.ask(planned, id, [1, 2, 3])).ok).toBe(true);
  }
});

test('the partial signature of a sweep and the vault under the successor are written together, or neither is', async () => {
  const { journal } = bench.fleet.get(1);
  const { hold } = journal.terms;
  const before = journal.releases.count();
  Object.assign(journal.terms, {
    hold: () => {
      throw new Error('the process ends here');
    },
  });
  expect((await bench.ask(bench.plan())).ok).toBe(false);
  Object.assign(journal.terms, { hold });
  expect(journal.releases.count()).toBe(before);
  expect(rowAt(1)).toBeUndefined();
  expect((await bench.ask(bench.plan())).ok).toBe(true);
  expect(rowAt(1)).toBeDefined();
});

test('a sweep that is refused brings no vault under the successor', async () => {
  expect((await bench.ask(bench.plan({ feeSats: 1 }))).ok).toBe(false);
  expect(rowAt(1)).toBeUndefined();
});

test('a vault that nobody had before gets no address under a key that was succeeded', async () => {
  const signedTerms = signTerms(bench.fleet.network, vaultOwner());
  expect(await holdAt(1, { signedTerms })).toMatchObject({ code: 'policy.keyset-state' });
});
