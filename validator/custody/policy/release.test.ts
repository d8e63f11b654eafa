import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import type { Outpoint } from '../../../domain/vault/terms.ts';
import { POLICY } from '../testkit/agents.ts';
import { newCeremony } from '../testkit/ceremonies.ts';
import { forge, noPoint } from '../testkit/forgery.ts';
import { signOrder, signTerms, vaultOwner } from '../testkit/network.ts';
import { AMOUNT, payoutBench, SIGNERS } from '../testkit/payout-bench.ts';
import { askedFor, commitTo, depositTo, requestBytes } from '../testkit/payouts.ts';

const bench = payoutBench();

test('several deposits of a vault are spent in one payout, each input under its own nonce', async () => {
  const second = depositTo(bench.fleet, bench.vault, AMOUNT);
  const planned = bench.plan({ outpoints: [bench.outpoint, second], amountSats: 2 * AMOUNT, feeSats: 900 });
  const reply = await bench.pay(planned);
  expect(reply.ok).toBe(true);
});

test('the same request again returns the identical bytes, also after a crash', async () => {
  const planned = bench.plan();
  const request = requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
  const first = await bench.give(request);
  const again = await bench.give(request);
  await bench.fleet.crash(1);
  const later = await bench.give(request);
  if (!first.ok || !again.ok || !later.ok) throw new Error('all three answers are partial signatures');
  expect(Buffer.from(again.bytes).equals(first.bytes)).toBe(true);
  expect(Buffer.from(later.bytes).equals(first.bytes)).toBe(true);
});

test('on a full disk no partial signature leaves, and the payout goes on with fresh commitments when there is space', async () => {
  const { journal } = bench.fleet.get(1);
  const { commit } = journal.releases;
  const full = () => {
    throw new FirebreakFailure('unavailable.journal-full', 'no space left');
  };
  Object.assign(journal.releases, { commit: full });
  const planned = bench.plan();
  const request = requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
  expect(await bench.give(request)).toMatchObject({ code: 'unavailable.journal-full' });
  Object.assign(journal.releases, { commit });
  expect(await bench.give(request)).toMatchObject({ code: 'conflict.nonce-unknown' });
  const next = bench.plan();
  expect((await bench.pay(next)).ok).toBe(true);
});

test('asking again for commitments of one ceremony gives the same ones until they are used', async () => {
  const planned = bench.plan();
  const first = await commitTo(bench.fleet, planned, SIGNERS);
  expect(await commitTo(bench.fleet, planned, SIGNERS)).toEqual(first);
  const outpoints = [depositTo(bench.fleet, bench.vault, AMOUNT)];
  const other = { ...bench.plan({ outpoints }), ceremony: planned.ceremony };
  expect(await bench.fleet.ask(1, { case: 'giveCommitments', value: askedFor(other) })).toMatchObject({
    code: 'conflict.ceremony-commitments',
  });
  expect((await bench.give(requestBytes(planned, first))).ok).toBe(true);
  expect((await commitTo(bench.fleet, planned, [1]))[0]).not.toEqual(first[0]);
});

test.each([0, 101])('commitments for %i inputs are refused', async (count) => {
  const value = { ceremony: newCeremony('signing'), keyset: bench.certificate.package.keyset, count };
  expect(await bench.fleet.ask(1, { case: 'giveCommitments', value })).toMatchObject({
    code: 'input.request-malformed',
  });
});

test('a vault is watched again after a node that did not answer, before anything is said about it', async () => {
  const { chain } = bench.fleet.get(1);
  chain.watched.clear();
  chain.watchFails = true;
  await bench.fleet.crash(1);
  const ask = () =>
    bench.fleet.ask(1, {
      case: 'sayDeposits',
      value: { vault: bench.plan().inputs[0]?.vault ?? '', keyset: bench.certificate.package.keyset },
    });
  expect(await ask()).toMatchObject({ ok: false });
  chain.watchFails = false;
  expect(await ask()).toMatchObject({ ok: true });
  expect(chain.watched.has(bench.vault.script)).toBe(true);
});

test('a nonce that was used is never used again, and the attempt is recorded', async () => {
  const planned = bench.plan();
  const commitments = await commitTo(bench.fleet, planned, SIGNERS);
  expect((await bench.give(requestBytes(planned, commitments))).ok).toBe(true);
  // The same transaction and ceremony with another signer set: the classical way to extract a share.
  const others = [...commitments.slice(0, 2), ...(await commitTo(bench.fleet, planned, [4]))];
  expect(await bench.give(requestBytes(planned, others))).toMatchObject({ code: 'conflict.nonce-burnt' });
  await bench.fleet.crash(1);
  expect(await bench.give(requestBytes(planned, others))).toMatchObject({ code: 'conflict.nonce-burnt' });
  const recorded = bench.fleet.get(1).journal.refusals.latest(2);
  expect(recorded.map(({ code, peer }) => [code, peer])).toEqual(
    Array(2).fill(['conflict.nonce-burnt', bench.fleet.network.coordinator.identity]),
  );
});

test('a nonce is gone after a failed use, and after a restart', async () => {
  const planned = bench.plan();
  const commitments = await commitTo(bench.fleet, planned, SIGNERS);
  const broken = commitments.map((e, at) => (at === 2 ? forge(bench.fleet, e, noPoint) : e));
  expect(await bench.give(requestBytes(planned, broken))).toMatchObject({ code: 'input.point' });
  expect(await bench.give(requestBytes(planned, commitments))).toMatchObject({ code: 'conflict.nonce-unknown' });
  const next = bench.plan();
  const fresh = await commitTo(bench.fleet, next, SIGNERS);
  await bench.fleet.crash(1);
  expect(await bench.give(requestBytes(next, fresh))).toMatchObject({ code: 'conflict.nonce-unknown' });
});

test('an output is signed away once: a cheaper transaction is refused for ever, the same one may be signed by others too', async () => {
  const planned = bench.plan();
  expect((await bench.pay(planned)).ok).toBe(true);
  const cheaper = bench.plan({ feeSats: 400 });
  expect(await bench.pay(cheaper)).toMatchObject({
    code: 'conflict.outpoint-locked',
  });
  await bench.fleet.crash(1);
  expect(await bench.pay(cheaper, [1, 2, 4])).toMatchObject({
    code: 'conflict.outpoint-locked',
  });
  const replacement = bench.plan(); // another session for the same payout, since a signer fell silent
  expect((await bench.pay(replacement, [1, 3, 4])).ok).toBe(true);
  expect(bench.fleet.get(1).journal.refusals.latest(1)).toMatchObject([{ code: 'conflict.outpoint-locked' }]);
});

test('locks that were split over several fees do not hold the coins for ever: the highest that was released moves them', async () => {
  const [low, high] = [{ feeSats: 500 }, { feeSats: 600 }];
  const giveTo = async (id: number, changes: { readonly feeSats: number }, signers: readonly number[]) => {
    const plan = bench.plan(changes); // every session is another ceremony over the same bytes
    return bench.pay(plan, signers, id);
  };
  expect((await giveTo(1, low, [1, 2, 3])).ok).toBe(true);
  expect((await giveTo(4, high, [1, 2, 4])).ok).toBe(true);
  // Validator 4 will not go back, validator 1 goes forward: only `high` can still be completed, and it can.
  expect(await giveTo(4, low, [1, 2, 4])).toMatchObject({ code: 'conflict.outpoint-locked' });
  for (const id of [1, 2, 4]) expect((await giveTo(id, high, [1, 2, 4])).ok).toBe(true);
});

/** Both deposits signed away together, and what asking for the first one alone gives from then on. */
async function lockedTogether(): Promise<{ readonly other: Outpoint; alone(): ReturnType<typeof bench.give> }> {
  const other = depositTo(bench.fleet, bench.vault, AMOUNT, 5);
  const both = bench.plan({ outpoints: [bench.outpoint, other], amountSats: 2 * AMOUNT, feeSats: 900 });
  expect((await bench.pay(both)).ok).toBe(true);
  const alone = async () => {
    const plan = bench.plan();
    return bench.pay(plan);
  };
  expect(await alone()).toMatchObject({ code: 'conflict.outpoint-locked' });
  return { other, alone };
}

test('a deposit that left the chain does not keep the one that it was to be paid out with', async () => {
  const { other, alone } = await lockedTogether();
  for (const { chain } of bench.fleet.agents) chain.forget(other);
  expect((await alone()).ok).toBe(true);
});

test('a deposit that somebody else spent keeps the other one only until that spend is deep', async () => {
  const { other, alone } = await lockedTogether();
  const mine = (blocks: number) => bench.fleet.agents.forEach(({ chain }) => chain.mine(blocks));
  for (const { chain } of bench.fleet.agents) chain.spend(other, 'dd'.repeat(32));
  mine(POLICY.confirmationsRequired - 2);
  expect(await alone()).toMatchObject({ code: 'conflict.outpoint-locked' });
  mine(1);
  expect((await alone()).ok).toBe(true);
});

test('a freeze that is obeyed while the signer works lets no partial signature out', async () => {
  const { agent, journal, signer } = bench.fleet.get(4);
  const { sign } = signer;
  const number = journal.orders.current()?.state.number ?? 0;
  Object.assign(signer, {
    sign: async (...parameters: Parameters<typeof sign>) => {
      const shares = await sign(...parameters);
      await agent.obey(signOrder(bench.fleet.network, { number: number + 1, kind: 'freeze' }, 2));
      return shares;
    },
  });
  const planned = bench.plan();
  const before = journal.releases.count();
  const request = requestBytes(planned, await commitTo(bench.fleet, planned, [1, 2, 4]));
  const reply = await bench.fleet.ask(4, { case: 'givePartials', value: { request } });
  Object.assign(signer, { sign });
  expect(reply).toMatchObject({ ok: false, code: 'policy.frozen' });
  expect(journal.releases.count()).toBe(before);
  await agent.obey(signOrder(bench.fleet.network, { number: number + 2, kind: 'lift' }, 3));
});

test('a freeze stops payouts, also ones already answered, and a lift resumes them', async () => {
  const planned = bench.plan();
  const request = requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
  const answered = bench.plan();
  const answeredRequest = requestBytes(answered, await commitTo(bench.fleet, answered, SIGNERS));
  expect((await bench.give(answeredRequest)).ok).toBe(true);
  await bench.fleet.get(1).agent.obey(signOrder(bench.fleet.network, { number: 1, kind: 'freeze' }, 2));
  expect(await bench.give(request)).toMatchObject({ code: 'policy.frozen' });
  expect(await bench.give(answeredRequest)).toMatchObject({ code: 'policy.frozen' });
  await bench.fleet.crash(1);
  expect(await bench.give(answeredRequest)).toMatchObject({ code: 'policy.frozen' });
  await bench.fleet.get(1).agent.obey(signOrder(bench.fleet.network, { number: 2, kind: 'lift' }, 3));
  expect((await bench.give(answeredRequest)).ok).toBe(true);
});

test('a validator that holds all the vaults it may takes no other one, and keeps what it holds', async () => {
  const { journal } = bench.fleet.get(1);
  const { count } = journal.terms;
  Object.assign(journal.terms, { count: () => 100_000 });
  const hold = (signedTerms: ReturnType<typeof signTerms>) =>
    bench.fleet.ask(1, {
      case: 'holdTerms',
      value: {
        signedTerms: encodeDocument(signedTerms),
        keyset: bench.certificate.package.keyset,
        watchFromHeight: 1,
      },
    });
  expect(await hold(signTerms(bench.fleet.network, vaultOwner()))).toMatchObject({ code: 'policy.vaults-full' });
  expect((await hold(bench.vault.signedTerms)).ok).toBe(true);
  Object.assign(journal.terms, { count });
});

test('terms are held only when their owner signed them for this network', async () => {
  const value = (changes: Parameters<typeof signTerms>[2]) => ({
    signedTerms: encodeDocument(signTerms(bench.fleet.network, vaultOwner(), changes)),
    keyset: bench.certificate.package.keyset,
    watchFromHeight: 1,
  });
  expect(await bench.fleet.ask(1, { case: 'holdTerms', value: value({ network: 'other' }) })).toMatchObject({
    code: 'policy.terms-network',
  });
  const foreign = { ...signTerms(bench.fleet.network, vaultOwner()), signature: '00'.repeat(64) };
  const held = { ...value({}), signedTerms: encodeDocument(foreign) };
  expect(await bench.fleet.ask(1, { case: 'holdTerms', value: held })).toMatchObject({
    code: 'policy.terms-signature',
  });
  expect(await bench.fleet.ask(1, { case: 'sayDeposits', value: { vault: 'ab', keyset: held.keyset } })).toMatchObject({
    code: 'not-yet.terms-unknown',
  });
});

test('an answer that is written down does not leave any more once its key is compromised', async () => {
  const planned = bench.plan();
  const request = requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
  expect(await bench.give(request)).toMatchObject({ ok: true });
  // The last test of this file: nothing leads back from here.
  bench.fleet.get(1).journal.keysets.move(bench.certificate.package.keyset, 'compromised');
  expect(await bench.give(request)).toMatchObject({ code: 'policy.keyset-state' });
});
