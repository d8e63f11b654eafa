import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ceremonyId } from '../../domain/ceremony/ceremony.ts';
import { certificateDigest } from '../../domain/ceremony/digests.ts';
import { digestOf, TAGS } from '../../domain/encoding/digest.ts';
import { validatorId } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import {
  type Envelope,
  KeygenCommitmentsSchema,
  KeygenParametersSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { TestFleet } from './testkit/agents.ts';
import { activeKey, certificateOf, runSelfTest } from './testkit/ceremonies.ts';
import { signTerms, vaultOwner } from './testkit/network.ts';
import { HostileKeygen, inRosterOrder, type KeygenCeremony, type KeygenRounds } from './testkit/keygen-rounds.ts';

const HOSTILE = validatorId(2);
const ALL = [1, 2, 3, 4].map(validatorId);
let fleet: TestFleet;
const court = new HostileKeygen(() => fleet, HOSTILE, ALL);

beforeAll(() => {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  fleet = new TestFleet(4, 3, { codec: transactionCodec('regtest'), keystore });
});
afterAll(() => fleet.close());

const ask = (id: number, key: KeygenCeremony, commitments: readonly Envelope[]) =>
  fleet.ask(id, { case: 'keygenShares', value: { ceremony: key.ceremony, commitments: [...commitments] } });
/** States of the key of the present epoch at the honest ones; a key that gives addresses is `active`. */
const statesNow = (): string[] =>
  court.honest.flatMap((id) =>
    fleet
      .get(id)
      .agent.report()
      .keysets.filter(({ epoch }) => epoch === court.epoch)
      .map(({ state }) => state),
  );
/** What every attack must leave: no key of its ceremony that anybody would use, and honest validators that make the next one. */
async function retry(): Promise<void> {
  for (const state of statesNow()) expect(state).toBe('proposed');
  court.epoch += 1;
  await activeKey(fleet, court.epoch);
  expect(statesNow()).toEqual(court.honest.map(() => 'active'));
}

describe('a key generation is over without a key, names nobody who is honest, and the next one succeeds, after', () => {
  test('a wrong share to one', async () => {
    const victim = validatorId(4);
    const rounds = await court.rounds((share, to) => {
      if (to === victim) share[31] = (share[31] ?? 0) ^ 1;
    });
    const said = await court.finish(rounds, victim);
    if (!said.ok) throw new Error(said.code);
    expect(court.verdict(court.shareProof(rounds, said.envelope, HOSTILE))).toBe(HOSTILE);
    await retry();
  });

  const identity = new Uint8Array(33);
  test.each<[string, (of: HostileOpening, earlier: Opening) => Opening]>([
    ['a longer commitment vector', (player) => ({ commitments: [...player.points, ...player.points.slice(0, 1)] })],
    ['identity points', () => ({ commitments: [identity, identity, identity] })],
    ['a rogue key without proof of knowledge', () => ({ proofOfKnowledge: new Uint8Array(64) })],
    ['a replayed proof of another ceremony, of the validator that made it there', (_player, earlier) => earlier],
  ])('%s', async (_what, change) => {
    const [first] = await court.opened(court.next());
    const { commitments: points, proofOfKnowledge } = fromBinary(
      KeygenCommitmentsSchema,
      first?.payload ?? new Uint8Array(0),
    );
    const key = court.next();
    const changes = change(court.player(key), { commitments: points, proofOfKnowledge });
    const bad = court.player(key).commitments(changes);
    const commitments = inRosterOrder([...(await court.opened(key)), bad]);
    for (const id of court.honest) {
      const answer = await ask(id, key, commitments);
      expect(answer).toMatchObject({ ok: false, code: 'signer-fault.keygen-commitments' });
      expect(answer.ok ? '' : answer.message).toContain('2');
    }
    expect(court.verdict(court.commitmentsProof(key, bad))).toBe(HOSTILE);
    await retry();
  });

  test.each([
    ['a duplicate id', [1, 2, 2, 3]],
    ['an id of zero', [0, 1, 2, 3]],
    ['an id above the roster', [1, 2, 3, 5]],
    ['an id that overflows', [1, 2, 3, 0xffff_ffff]],
  ])('%s among the participants', async (_what, participants) => {
    const { parameters } = court.next();
    const changed: MessageInitShape<typeof KeygenParametersSchema> = {
      ...fromBinary(KeygenParametersSchema, parameters),
      participants,
    };
    const bytes = toBinary(KeygenParametersSchema, create(KeygenParametersSchema, changed));
    const ceremony = ceremonyId('keygen', digestOf(TAGS.keygenParameters, bytes));
    for (const id of court.honest)
      expect(await fleet.ask(id, { case: 'startKeygen', value: { parameters: bytes } })).toMatchObject({ ok: false });
    expect(fleet.get(1).journal.keysets.hasBegun(ceremony)).toBe(false);
    await retry();
  });

  test('a split success: some have sealed, and nobody ever sees the signature of the last one', async () => {
    const rounds = await court.rounds();
    const transcripts: Envelope[] = [];
    for (const id of court.honest) {
      const said = await court.finish(rounds, id);
      if (!said.ok) throw new Error(said.code);
      transcripts.push(said.envelope);
    }
    const partial = encodeDocument(certificateOf(transcripts));
    for (const id of court.honest)
      expect(await fleet.ask(id, { case: 'holdCertificate', value: { certificate: partial } })).toMatchObject({
        ok: false,
      });
    // Half-made, it gives neither commitments nor addresses.
    const { keyset } = certificateOf(transcripts).package;
    const signedTerms = encodeDocument(signTerms(fleet.network, vaultOwner()));
    expect(await fleet.ask(1, { case: 'holdTerms', value: { signedTerms, keyset, watchFromHeight: 1 } })).toMatchObject(
      {
        ok: false,
      },
    );
    await retry();
  });

  test('a statement of another ceremony, replayed as it is', async () => {
    const earlier = court.player(court.next()).commitments();
    const key = court.next();
    const commitments = inRosterOrder([...(await court.opened(key)), earlier]);
    for (const id of court.honest)
      expect(await ask(id, key, commitments)).toMatchObject({ code: 'conflict.envelope-stale' });
    expect(court.verdict(court.commitmentsProof(key, earlier))).toBe('conflict.envelope-stale');
    await retry();
  });

  test('two commitments of one validator in one ceremony', async () => {
    const key = court.next();
    const [one, other] = [court.player(key).commitments(), court.player(key).commitments()];
    const said = await court.opened(key);
    expect(await ask(1, key, inRosterOrder([...said, one]))).toMatchObject({ ok: true });
    expect(await ask(1, key, inRosterOrder([...said, other]))).toMatchObject({ code: 'conflict.keygen-round' });
    expect(court.verdict(court.equivocation(one, other))).toBe(HOSTILE);
    expect(court.verdict(court.equivocation(said[0], said[0]))).toBe('input.blame-proof');
    await retry();
  });

  test('different sets shown to different validators, which proves nothing against any of them', async () => {
    const key = court.next();
    const players = [court.player(key), court.player(key)] as const;
    const said = await court.opened(key);
    const views = players.map((player) => inRosterOrder([...said, player.commitments()]));
    const shares: Envelope[] = [];
    for (const id of court.honest) {
      const answer = await ask(id, key, views[id === 4 ? 1 : 0] ?? []);
      if (!answer.ok) throw new Error(answer.code);
      shares.push(answer.envelope);
    }
    shares.push(players[0].shares(views[0] ?? []));
    const rounds: KeygenRounds = { key, commitments: views[0] ?? [], shares: inRosterOrder(shares) };
    for (const id of court.honest)
      expect(await court.finish(rounds, id)).toMatchObject({ code: 'conflict.keygen-view' });
    await retry();
  });

  test('statements that a coordinator drops, doubles or takes from elsewhere', async () => {
    const rounds = await court.rounds();
    const other = await court.rounds();
    const [first] = rounds.shares;
    if (first === undefined) throw new Error('validator 1 gave its shares');
    const cases = [rounds.shares.slice(1), [...rounds.shares, first], [...rounds.shares.slice(0, 3), other.shares[3]]];
    for (const shares of cases)
      expect(await court.finish({ ...rounds, shares: shares as Envelope[] }, validatorId(1))).toMatchObject({
        ok: false,
      });
    await retry();
  });

  test('a validator that dies in mid-round', async () => {
    const rounds = await court.rounds();
    await fleet.crash(3);
    expect(await court.finish(rounds, validatorId(3))).toMatchObject({ code: 'conflict.keygen-lost' });
    expect((await court.finish(rounds, validatorId(1))).ok).toBe(true);
    await retry();
  });
});

describe('what only delays a key generation changes nothing about the key:', () => {
  let key: KeygenCeremony;
  beforeEach(() => {
    key = court.next();
  });
  const everyone = (body: Parameters<TestFleet['askAll']>[0]) => fleet.askAll(body, ALL);

  test('a coordinator that reorders statements', async () => {
    const { ceremony, parameters } = key;
    const commitments = await everyone({ case: 'startKeygen', value: { parameters } });
    const shares = await everyone({ case: 'keygenShares', value: { ceremony, commitments: commitments.toReversed() } });
    const transcripts = await everyone({ case: 'finishKeygen', value: { ceremony, shares: shares.toReversed() } });
    const certificate = certificateOf(transcripts);
    const again = certificateOf(await everyone({ case: 'finishKeygen', value: { ceremony, shares } }));
    expect(certificateDigest(again.package)).toBe(certificateDigest(certificate.package));
  });

  test('a block in mid-round, and all of them slow: each step is asked twice, one validator after the other', async () => {
    const { ceremony, parameters } = key;
    const slowly = async (body: Parameters<TestFleet['askAll']>[0]): Promise<Envelope[]> => {
      for (const { chain } of fleet.agents) chain.mine(1);
      const said = await everyone(body);
      const again = await fleet.askAll(body, ALL.toReversed());
      expect(again.toReversed()).toEqual(said);
      return said;
    };
    const commitments = await slowly({ case: 'startKeygen', value: { parameters } });
    const shares = await slowly({ case: 'keygenShares', value: { ceremony, commitments } });
    const transcripts = await slowly({ case: 'finishKeygen', value: { ceremony, shares } });
    const certificate = certificateOf(transcripts);
    await slowly({ case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } });
    await everyone({ case: 'activateKey', value: await runSelfTest(fleet, certificate.package) });
    expect(statesNow()).toEqual(court.honest.map(() => 'active'));
  });

  test('a certificate that is withheld from one: the key gives no address before that one has it', async () => {
    const { ceremony, parameters } = key;
    const commitments = await everyone({ case: 'startKeygen', value: { parameters } });
    const shares = await everyone({ case: 'keygenShares', value: { ceremony, commitments } });
    const certificate = certificateOf(await everyone({ case: 'finishKeygen', value: { ceremony, shares } }));
    const hold = { case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } } as const;
    const withheld = validatorId(3);
    await fleet.askAll(
      hold,
      ALL.filter((id) => id !== withheld),
    );
    // The self-test takes all of them, and nothing is active without it.
    await expect(runSelfTest(fleet, certificate.package)).rejects.toThrow('validator 3 refused');
    expect(statesNow()).not.toContain('active');
    await fleet.askAll(hold, [withheld]);
    await everyone({ case: 'activateKey', value: await runSelfTest(fleet, certificate.package) });
    expect(statesNow()).toEqual(court.honest.map(() => 'active'));
  });
});

type HostileOpening = ReturnType<HostileKeygen['player']>;
type Opening = NonNullable<Parameters<HostileOpening['commitments']>[0]>;
