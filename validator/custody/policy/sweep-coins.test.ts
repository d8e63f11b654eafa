import { describe, expect, test } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import { Transaction } from '@scure/btc-signer';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import { verifyingSuite } from '../../../threshold/verify/suite.ts';
import { vaultScript, vaultTweakOf } from '../../../threshold/verify/vault-script.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { VaultsHeldSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { POLICY } from '../testkit/agents.ts';
import { sharesOf, signersOf } from '../testkit/ceremonies.ts';
import { signOrder } from '../testkit/network.ts';
import { AMOUNT } from '../testkit/payout-bench.ts';
import { askedFor, commitTo, depositTo, type PlannedRequest, requestBytes } from '../testkit/payouts.ts';
import { PARTICIPANTS, SUSPECT, sweepBench } from '../testkit/sweep-bench.ts';
import { rotation, votesFor } from '../testkit/votes.ts';

const bench = sweepBench(60);
const codec = transactionCodec('regtest');
const move = (id: number, to: 'compromised' | 'retired') =>
  bench.fleet.get(id).journal.keysets.move(bench.old.package.keyset, to);

test('signatures of three validators, the suspect among them, move the coins; another implementation agrees with the witness', async () => {
  const planned = bench.plan();
  const signers = [1, 2, SUSPECT];
  const commitments = await commitTo(bench.fleet, planned, signers);
  const request = requestBytes(planned, commitments);
  const ids = signers.map((id) => bench.fleet.get(id).id);
  const partials = await bench.fleet.askAll({ case: 'givePartials', value: { request } }, ids);
  const { terms } = bench.vault.signedTerms;
  const prevouts = [{ script: bench.vault.script, amountSats: AMOUNT }];
  const [message = new Uint8Array(0)] = codec.sighashes(planned.transaction, prevouts);
  const key = bench.old.package;
  const signature = verifyingSuite.aggregate(
    key,
    vaultTweakOf(terms),
    signersOf(commitments, 0),
    message,
    sharesOf(partials, 0),
  );
  const signed = Transaction.fromRaw(codec.attachSignatures(planned.transaction, [signature]));
  expect(toHex(signed.getInput(0).finalScriptWitness?.[0] ?? new Uint8Array(0))).toBe(toHex(signature));
  expect(signed.outputsLength).toBe(1);
  expect(toHex(signed.getOutput(0).script ?? new Uint8Array(0))).toBe(vaultScript(bench.next.package, terms));
  const sighash = signed.preimageWitnessV1(0, [fromHex(bench.vault.script, 'script')], 0, [BigInt(AMOUNT)]);
  expect(toHex(sighash)).toBe(toHex(message));
  expect(verifyingSuite.verifySignature(fromHex(bench.vault.script.slice(4), 'key', 32), sighash, signature)).toBe(
    true,
  );
});

describe('brakes', () => {
  test('a freeze stops payouts and not a sweep that the committee voted for', async () => {
    const { agent } = bench.fleet.get(1);
    await agent.obey(signOrder(bench.fleet.network, { number: 1, kind: 'freeze' }, 2));
    expect(await bench.ask(bench.payout())).toMatchObject({ code: 'policy.frozen' });
    expect((await bench.ask(bench.plan())).ok).toBe(true);
    await agent.obey(signOrder(bench.fleet.network, { number: 2, kind: 'lift' }, 3));
  });

  test('an outflow cap counts payouts and no sweep', async () => {
    const { agent } = bench.fleet.get(1);
    const before = agent.report().outflow.signedSats;
    expect((await bench.ask(bench.plan())).ok).toBe(true);
    expect(agent.report().outflow.signedSats).toBe(before);
    expect((await bench.ask(bench.payout({ feeSats: 600 }))).ok).toBe(true);
    expect(agent.report().outflow.signedSats).toBe(before + AMOUNT);
  });

  test('a freeze cannot be passed by a release request that is dressed as a sweep', async () => {
    const { agent } = bench.fleet.get(1);
    await agent.obey(signOrder(bench.fleet.network, { number: 3, kind: 'freeze' }, 2));
    const dressed = { ...bench.payout(), sweep: bench.plan().sweep };
    expect(await bench.ask(dressed)).toMatchObject({ code: 'policy.signing-warrant' });
    const bare = { ...dressed, releaseRequest: new Uint8Array(0) };
    expect(await bench.ask(bare)).toMatchObject({ code: 'policy.sweep-script' });
    await agent.obey(signOrder(bench.fleet.network, { number: 4, kind: 'lift' }, 3));
  });

  test('votes that expire on the way stop it, and an answer that is written down leaves again', async () => {
    const planned = bench.plan();
    const request = requestBytes(planned, await commitTo(bench.fleet, planned, [1, 2, SUSPECT]));
    const later = bench.plan();
    const first = await bench.fleet.ask(1, { case: 'givePartials', value: { request } });
    const laterRequest = requestBytes(later, await commitTo(bench.fleet, later, [1, 2, SUSPECT]));
    bench.nowMs += 3_600_000;
    expect(await bench.fleet.ask(1, { case: 'givePartials', value: { request: laterRequest } })).toMatchObject({
      code: 'policy.vote-expired',
    });
    await bench.fleet.crash(1);
    const again = await bench.fleet.ask(1, { case: 'givePartials', value: { request } });
    bench.nowMs -= 3_600_000;
    if (!first.ok || !again.ok) throw new Error('both answers are partial signatures');
    expect(toHex(again.bytes)).toBe(toHex(first.bytes));
  });
});

describe('a payout and a sweep of the same coins', () => {
  test('a sweep takes the place of a payout that was not completed when it pays more, and then the payout has to', async () => {
    expect((await bench.ask(bench.payout({ feeSats: 500 }))).ok).toBe(true);
    expect(await bench.ask(bench.plan({ feeSats: 499 }))).toMatchObject({ code: 'conflict.outpoint-locked' });
    expect((await bench.ask(bench.plan({ feeSats: 501 }))).ok).toBe(true);
    expect(await bench.ask(bench.payout({ feeSats: 500 }))).toMatchObject({ code: 'conflict.outpoint-locked' });
    expect((await bench.ask(bench.payout({ feeSats: 502 }))).ok).toBe(true);
  });

  test('locks that were split between the two at the highest fee all end at the same one of them, whichever was first where', async () => {
    const most = { feeSats: POLICY.feeCapSats };
    const txidOf = ({ transaction }: { readonly transaction: Uint8Array }) => codec.readTransaction(transaction).txid;
    const asked = [bench.plan(most), bench.payout(most)] as const;
    const winner = asked.map(txidOf).toSorted()[0];
    const lock = (id: number, planned: PlannedRequest) =>
      bench.fleet.ask(id, { case: 'giveCommitments', value: askedFor(planned) });
    for (const id of [1, 2]) expect((await lock(id, bench.plan(most))).ok).toBe(true);
    for (const id of [3, 4]) expect((await lock(id, bench.payout(most))).ok).toBe(true);
    for (const id of PARTICIPANTS) {
      await lock(id, bench.plan(most));
      await lock(id, bench.payout(most));
      const { releases } = bench.fleet.get(id).journal;
      expect(releases.locksOn(`${bench.outpoint.txid}:${bench.outpoint.vout}`)[0]?.txid).toBe(winner);
    }
  });

  test('a sweep of one deposit does not break into a payout of two', async () => {
    const other = depositTo(bench.fleet, bench.vault, AMOUNT);
    const both = { outpoints: [bench.outpoint, other], amountSats: 2 * AMOUNT };
    expect((await bench.ask(bench.payout({ ...both, feeSats: 900 }))).ok).toBe(true);
    expect(await bench.ask(bench.plan({ feeSats: 2_000 }))).toMatchObject({ code: 'conflict.outpoint-locked' });
    expect((await bench.ask(bench.plan({ ...both, feeSats: 901 }))).ok).toBe(true);
  });

  test('a payout that can never confirm keeps nothing from being swept', async () => {
    const other = depositTo(bench.fleet, bench.vault, AMOUNT);
    const both = { outpoints: [bench.outpoint, other], amountSats: 2 * AMOUNT, feeSats: 4_000 };
    expect((await bench.ask(bench.payout(both))).ok).toBe(true);
    for (const { chain } of bench.fleet.agents) chain.forget(other);
    expect((await bench.ask(bench.plan({ feeSats: 200 }))).ok).toBe(true);
  });
});

test('no request lets coins go anywhere but to the recorded script or to the own address under the successor', async () => {
  const { signedTerms } = bench.vault;
  const stranger = bench.spare();
  const own = vaultScript(bench.next.package, signedTerms.terms);
  const scripts = [
    signedTerms.terms.payoutScript,
    own,
    bench.vault.script,
    stranger.script,
    vaultScript(bench.next.package, stranger.signedTerms.terms),
    `0014${'cd'.repeat(20)}`,
    `5120${bench.next.package.groupKey.slice(2)}`,
  ];
  const wrongVotes = votesFor(bench.fleet.network, rotation(PARTICIPANTS), {
    nowMs: bench.nowMs,
    subject: { run: 'another run' },
  });
  let signed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        script: fc.constantFrom(...scripts),
        warrant: fc.constantFrom('release', 'sweep', 'both', 'neither', 'wrong votes', 'own release key'),
        vault: fc.constantFrom(undefined, stranger),
        fee: fc.integer({ min: 100, max: 4_200 }),
        step: fc.constantFrom('sweep', 'rotate'),
      }),
      async ({ script, warrant, vault, fee, step }) => {
        const outpoint = depositTo(bench.fleet, bench.vault, AMOUNT);
        const coins = { outpoints: [outpoint], feeSats: fee };
        const paid = bench.payout({
          ...coins,
          payoutScript: script,
          ...(warrant === 'own release key' ? { releaseKey: stranger.owner.release } : {}),
        });
        const swept = bench.plan({
          ...coins,
          script,
          step,
          ...(warrant === 'wrong votes' ? { proof: wrongVotes } : {}),
        });
        const carries = {
          release: paid,
          'own release key': paid,
          sweep: swept,
          'wrong votes': swept,
          both: { ...swept, releaseRequest: paid.releaseRequest },
          neither: { ...paid, releaseRequest: new Uint8Array(0) },
        }[warrant];
        const inputs = carries.inputs.map((input) => ({
          ...input,
          ...(vault ? { vault: swept.inputs[0]?.vault ?? '' } : {}),
        }));
        const reply = await bench.ask({ ...carries, inputs });
        if (!reply.ok) return;
        signed += 1;
        expect(script).toBe({ release: signedTerms.terms.payoutScript, sweep: own }[warrant as string]);
      },
    ),
    {
      numRuns: 60,
      // Drawn by chance alone, in one run of ten or so nothing would be signed.
      examples: [
        [{ script: own, warrant: 'sweep', vault: undefined, fee: 500, step: 'sweep' }],
        [{ script: signedTerms.terms.payoutScript, warrant: 'release', vault: undefined, fee: 500, step: 'sweep' }],
      ],
    },
  );
  // A property that nothing ever reaches would hold as well.
  expect(signed).toBeGreaterThan(1);
});

describe('what is left under a key', () => {
  const listed = async (id: number) => {
    const reply = await bench.fleet.ask(id, {
      case: 'sayVaults',
      value: { keyset: bench.old.package.keyset, after: '' },
    });
    if (!reply.ok) throw new Error(reply.code);
    return fromBinary(VaultsHeldSchema, reply.envelope.payload);
  };
  const vaultOf = () => bench.payout().inputs[0]?.vault ?? '';

  test('each validator names the vaults that hold coins, in order and with what a sweep would leave, and shows the certificate', async () => {
    const { vaults, next, certificate } = await listed(1);
    const ids = vaults.map(({ vault }) => vault);
    expect(ids).toEqual(ids.toSorted());
    expect(vaults.find(({ vault }) => vault === vaultOf())?.sweepableSats).toBe(BigInt(AMOUNT - 111));
    expect(next).toBe('');
    expect(JSON.parse(Buffer.from(certificate).toString())).toMatchObject({
      package: { keyset: bench.old.package.keyset },
    });
    expect(ids).not.toContain(bench.payout().keyset);
  });

  test('a vault whose coins have left is not named, and dust does not bring it back', async () => {
    bench.fleet.get(1).chain.spend(bench.outpoint, 'cc'.repeat(32));
    depositTo(bench.fleet, bench.vault, 400);
    expect((await listed(1)).vaults.map(({ vault }) => vault)).not.toContain(vaultOf());
  });

  test('the terms of a vault that moves are held under the successor also by a validator that holds all it may', async () => {
    const { journal } = bench.fleet.get(1);
    const { count } = journal.terms;
    Object.assign(journal.terms, { count: () => 100_000 });
    const moved = await bench.under(bench.next);
    Object.assign(journal.terms, { count });
    expect(journal.terms.get(vaultOf(), bench.next.package.keyset)?.script).toBe(moved.script);
  });

  test('a key does not retire on the word of an index that was rebuilt and has not searched its scripts again', async () => {
    const { chain, journal } = bench.fleet.get(4);
    const state = () => journal.keysets.get(bench.old.package.keyset)?.state;
    chain.mine(1_000 + POLICY.confirmationsRequired);
    chain.watched.clear();
    chain.watchFails = true;
    await listed(4);
    expect(state()).toBe('draining');
    chain.watchFails = false;
    await listed(4);
    // Coins of the vaults of this file are seen again.
    expect(state()).toBe('draining');
    expect((await listed(4)).vaults).not.toHaveLength(0);
  });

  /** The last test of this file but one: the deadline of all the vaults of this file passes at validator 3. */
  test('a key retires when every vault is empty and none waits for its deposit any more', async () => {
    const { chain, journal } = bench.fleet.get(3);
    const state = () => journal.keysets.get(bench.old.package.keyset)?.state;
    await listed(3);
    expect(state()).toBe('draining');
    for (const row of journal.terms.list())
      for (const { outpoint } of chain.view().outputs(row.script).outputs) chain.spend(outpoint, 'cc'.repeat(32));
    await listed(3);
    expect(state()).toBe('draining');
    chain.mine(1_000 + POLICY.confirmationsRequired);
    await listed(3);
    expect(state()).toBe('retired');
  });
});

/** The last test of this file: nothing leads back from here. */
test.each(['retired', 'compromised'] as const)('a %s key gives no payouts and is still swept', async (state) => {
  move(2, state);
  expect(await bench.ask(bench.payout(), 2)).toMatchObject({ code: 'policy.keyset-state' });
  expect(await bench.ask(bench.plan(), 2)).toMatchObject({ ok: true });
});
