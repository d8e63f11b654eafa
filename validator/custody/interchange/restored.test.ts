import { expect, test } from '@jest/globals';
import { SILENT, readReply, requestOf, type RequestBody, type TestAgent } from '../testkit/agents.ts';
import { TestJournals } from '../testkit/journals.ts';
import { signOrder } from '../testkit/network.ts';
import { AMOUNT, payoutBench } from '../testkit/payout-bench.ts';
import { askedFor, commitTo, requestBytes, type PlannedRequest } from '../testkit/payouts.ts';
import { readInterchange, writeInterchange } from './file.ts';
import { importInto } from './import.ts';
import { interchangeOf, ownerIn } from './interchange.ts';

const bench = payoutBench();
const journals = new TestJournals();

async function ask({ agent }: TestAgent, body: RequestBody) {
  const { genesis, coordinator } = bench.fleet.network;
  return readReply(await agent.handle(requestOf(genesis, body), coordinator.identity));
}

/** Whether the copy would lock outputs for it and commit. */
const askedOf = (copy: TestAgent, planned: PlannedRequest) =>
  ask(copy, { case: 'giveCommitments', value: askedFor(planned) });

test('a folder from before a payout would pay the same coins cheaper, and does not once it knows what was signed since', async () => {
  const [forgetful, told] = [bench.fleet.twin(1), bench.fleet.twin(1)];
  const { genesis } = bench.fleet;
  const { id: self, journal } = bench.fleet.get(1);
  const paid = bench.plan({ feeSats: 900 });
  expect(await bench.pay(paid)).toMatchObject({ ok: true });
  const file = writeInterchange(interchangeOf(journal, ownerIn(genesis, self)));
  const into = { genesis, self, journal: told.journal, clock: () => bench.nowMs, logger: SILENT };
  importInto(into, readInterchange(file, 'the export'));

  expect(await askedOf(forgetful, bench.plan({ feeSats: 500 }))).toMatchObject({ ok: true });
  expect(await askedOf(told, bench.plan({ feeSats: 500 }))).toMatchObject({ code: 'conflict.outpoint-locked' });
  // Its keys are as they were, the coins count as they did, and the payout itself goes on.
  expect(told.agent.report().outflow).toEqual({ ...bench.fleet.get(1).agent.report().outflow, signedSats: AMOUNT });
  expect(await askedOf(told, bench.plan({ feeSats: 900 }))).toMatchObject({ ok: true });
  for (const { journal: open, signer } of [forgetful, told]) {
    open.close();
    await signer.stop();
  }
});

test('a folder from before a reorganisation that was too deep would go on paying, and does not once it knows, until a lift names the chain', async () => {
  const [forgetful, told] = [bench.fleet.twin(1), bench.fleet.twin(1)];
  const { network, genesis } = bench.fleet;
  const { id: self, journal, chain, agent } = bench.fleet.get(1);
  chain.trouble = { code: 'policy.reorg-too-deep', message: 'a branch leaves ours 9 blocks below our tip' };
  expect(agent.report().frozenBy).toMatchObject({ kind: 'own-chain' });
  chain.trouble = undefined;
  const exported = readInterchange(writeInterchange(interchangeOf(journal, ownerIn(genesis, self))), 'the export');
  importInto({ genesis, self, journal: told.journal, clock: () => bench.nowMs, logger: SILENT }, exported);

  expect(await askedOf(forgetful, bench.plan())).toMatchObject({ ok: true });
  expect(await askedOf(told, bench.plan())).toMatchObject({ code: 'policy.frozen' });
  expect(told.agent.report().frozenBy).toMatchObject({ kind: 'own-chain', tip: chain.tip });
  const expiresAtSeconds = Math.floor(bench.nowMs / 1_000) + 600;
  const lift = signOrder(network, { number: 1, kind: 'lift', expiresAtSeconds, block: chain.tip }, 3);
  await told.agent.obey(lift);
  expect(await askedOf(told, bench.plan())).toMatchObject({ ok: true });
  await agent.obey(lift);
  for (const { journal: open, signer } of [forgetful, told]) {
    open.close();
    await signer.stop();
  }
});

test('a key that one copy knows to be compromised gives no payouts in the other one, and is known without a share where there is none', async () => {
  const { genesis } = bench.fleet;
  const { id: self, journal } = bench.fleet.get(1);
  const { keyset } = bench.certificate.package;
  const told = bench.fleet.twin(1);
  const planned = bench.plan();
  const own = await askedOf(told, planned);
  if (!own.ok) throw new Error(own.code);
  journal.keysets.move(keyset, 'compromised');
  const exported = readInterchange(writeInterchange(interchangeOf(journal, ownerIn(genesis, self))), 'the export');
  const into = (open: typeof journal) => ({ genesis, self, journal: open, clock: () => bench.nowMs, logger: SILENT });
  importInto(into(told.journal), exported);
  const others = await commitTo(bench.fleet, planned, [2, 3]);
  const request = requestBytes(planned, [own.envelope, ...others]);
  expect(await ask(told, { case: 'givePartials', value: { request } })).toMatchObject({ code: 'policy.keyset-state' });

  const fresh = journals.open(journals.newFolder());
  importInto(into(fresh), exported);
  expect(fresh.keysets.get(keyset)).toMatchObject({ state: 'compromised', sealedShare: undefined });
  expect(fresh.keysets.get(keyset)?.package).toEqual(bench.certificate.package);
  journals.dispose();
  told.journal.close();
  await told.signer.stop();
});
