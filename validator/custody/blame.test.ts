import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { toBinary } from '@bufbuild/protobuf';
import type { BlameProof, ShareProof } from '../../domain/ceremony/blame.ts';
import type { CeremonyId } from '../../domain/ceremony/ceremony.ts';
import { keygenTranscript } from '../../domain/ceremony/digests.ts';
import { shownShareMessage } from '../../domain/ceremony/dispute.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { judgeBlame } from '../../threshold/verify/blame.ts';
import { openBlame } from '../../wire/blame.ts';
import { type Envelope, EnvelopeSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { TestFleet } from './testkit/agents.ts';
import { keygenParameters, senderOf } from './testkit/ceremonies.ts';
import { HostileParticipant } from './testkit/hostile-participant.ts';

jest.setTimeout(60_000);

const HOSTILE = validatorId(2);
const VICTIM = validatorId(4);
const ALL = [1, 2, 3, 4].map(validatorId);

let fleet: TestFleet;
let epoch = 0;
beforeAll(() => {
  fleet = new TestFleet(4, 3, {
    codec: transactionCodec('regtest'),
    keystore: () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined }),
  });
});
afterAll(() => fleet.close());

const hex = (envelope: Envelope | undefined): string => {
  if (envelope === undefined) throw new Error('there is no such statement');
  return toHex(toBinary(EnvelopeSchema, envelope));
};
const inOrder = (envelopes: readonly Envelope[]): Envelope[] => envelopes.toSorted((a, b) => senderOf(a) - senderOf(b));

type Key = { readonly parameters: Uint8Array; readonly ceremony: CeremonyId };
type Rounds = { readonly key: Key; readonly commitments: Envelope[]; readonly shares: Envelope[] };

/** Both rounds with validator 2 played by somebody else. */
async function roundsWith(
  hostile: (key: Key) => HostileParticipant,
  change?: (share: Uint8Array, to: ValidatorId) => void,
): Promise<Rounds & { readonly player: HostileParticipant }> {
  epoch += 1;
  const key = keygenParameters(fleet, epoch);
  const player = hostile(key);
  const honest = ALL.filter((id) => id !== HOSTILE);
  const commitments = inOrder([
    ...(await fleet.askAll({ case: 'startKeygen', value: { parameters: key.parameters } }, honest)),
    player.commitments(),
  ]);
  const { ceremony } = key;
  const shares = inOrder([
    ...(await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } }, honest)),
    player.shares(commitments, change),
  ]);
  return { key, commitments, shares, player };
}

const playing = (self: ValidatorId) => (key: Key) => new HostileParticipant(fleet, self, key, ALL);
const finish = ({ key: { ceremony }, shares }: Rounds, id: ValidatorId) =>
  fleet.ask(id, { case: 'finishKeygen', value: { ceremony, shares } });

const proofOf = ({ key, commitments, shares }: Rounds, complaint: Envelope, dealer: ValidatorId): ShareProof => ({
  version: 1,
  environment: fleet.genesis.environment,
  network: fleet.genesis.name,
  kind: 'keygen-share',
  parametersHex: toHex(key.parameters),
  commitments: commitments.map(hex),
  shares: shares.map(hex),
  complaint: hex(complaint),
  dealer,
});

function verdictOf(proof: BlameProof) {
  const opened = openBlame(fleet.genesis, proof);
  if (!opened.ok) return opened.refusal.code;
  const blame = judgeBlame(opened.value, { genesis: fleet.genesis, codec: transactionCodec('regtest') });
  return blame.ok ? blame.value.culprit : blame.refusal.code;
}
const transcriptOf = ({ key, commitments, shares }: Rounds) =>
  keygenTranscript(
    key.parameters,
    commitments.map(({ header }) => header),
    shares.map(({ header }) => header),
  );

describe('a share that is not what its dealer committed to', () => {
  const spoiled = (share: Uint8Array, to: ValidatorId): void => {
    if (to === VICTIM) share[31] = (share[31] ?? 0) ^ 1;
  };

  test('is shown by its recipient, and the proof convinces whoever pinned the network', async () => {
    const rounds = await roundsWith(playing(HOSTILE), spoiled);
    const complaint = await finish(rounds, VICTIM);
    if (!complaint.ok) throw new Error(complaint.code);
    expect(verdictOf(proofOf(rounds, complaint.envelope, HOSTILE))).toBe(HOSTILE);
  });

  test('leaves nothing sealed with its recipient, who says the same again, also to the honest rounds', async () => {
    const rounds = await roundsWith(playing(HOSTILE), spoiled);
    const first = await finish(rounds, VICTIM);
    const again = await finish(rounds, VICTIM);
    expect(again).toEqual(first);
    const { keysets } = fleet.get(VICTIM).agent.report();
    expect(keysets.some((keyset) => keyset.epoch === epoch)).toBe(false);
  });

  test('is found by those only who got one: the others seal, and there is no certificate without all', async () => {
    const rounds = await roundsWith(playing(HOSTILE), spoiled);
    for (const id of [1, 3].map(validatorId)) expect((await finish(rounds, id)).ok).toBe(true);
  });
});

describe('nobody can be framed', () => {
  /** What validator 2 can sign about the share that validator 1 sent to it. */
  function falseComplaint(rounds: Rounds & { readonly player: HostileParticipant }, exchange = rounds.player.exchange) {
    const dealer = validatorId(1);
    const transcript = transcriptOf(rounds);
    const [dealing] = rounds.commitments;
    if (dealing === undefined) throw new Error('validator 1 committed');
    // encryption_key is field 3 and the last one: 66 bytes at the end.
    const theirKey = dealing.payload.subarray(-66);
    const shown = exchange.showOpening(dealer, theirKey, shownShareMessage(transcript, dealer, HOSTILE));
    const transcriptDigest = fromHex(transcript, 'transcript', 32);
    return { dealer, transcriptDigest, shown };
  }

  test('a complaint about a good share convicts the complainer', async () => {
    const rounds = await roundsWith(playing(HOSTILE));
    const { dealer, transcriptDigest, shown } = falseComplaint(rounds);
    const complaint = rounds.player.complaint({ transcriptDigest, shares: [{ dealer, ...shown }] });
    expect(verdictOf(proofOf(rounds, complaint, dealer))).toBe(HOSTILE);
  });

  test('so does one with an invented opening, of any bytes', async () => {
    const rounds = await roundsWith(playing(HOSTILE));
    const { dealer, transcriptDigest, shown } = falseComplaint(rounds);
    for (const invented of [
      { sharedPoint: Uint8Array.from(randomBytes(33)), proof: shown.proof },
      { sharedPoint: shown.sharedPoint, proof: Uint8Array.from(randomBytes(64)) },
      { sharedPoint: new Uint8Array(0), proof: new Uint8Array(0) },
    ]) {
      const complaint = rounds.player.complaint({ transcriptDigest, shares: [{ dealer, ...invented }] });
      expect(verdictOf(proofOf(rounds, complaint, dealer))).toBe(HOSTILE);
    }
  });

  test('a recipient with two receiving keys shows the second one in vain: shares say for which round they were made', async () => {
    const rounds = await roundsWith(playing(HOSTILE));
    const second = playing(HOSTILE)(rounds.key);
    const commitments = inOrder([
      ...rounds.commitments.filter((each) => senderOf(each) !== HOSTILE),
      second.commitments(),
    ]);
    const swapped = { ...rounds, commitments };
    const { dealer, transcriptDigest, shown } = falseComplaint(swapped, second.exchange);
    const complaint = second.complaint({ transcriptDigest, shares: [{ dealer, ...shown }] });
    expect(verdictOf(proofOf(swapped, complaint, dealer))).toBe('input.blame-proof');
    const [, first] = rounds.commitments;
    const [, other] = commitments;
    const { environment, name: network } = fleet.genesis;
    const equivocation: BlameProof = {
      version: 1,
      kind: 'equivocation',
      environment,
      network,
      first: hex(first),
      second: hex(other),
    };
    expect(verdictOf(equivocation)).toBe(HOSTILE);
  });

  test('rounds that are incomplete, repeated or of another ceremony, and complaints about others, prove nothing', async () => {
    const rounds = await roundsWith(playing(HOSTILE));
    const other = await roundsWith(playing(HOSTILE));
    const { dealer, transcriptDigest, shown } = falseComplaint(rounds);
    const complaint = rounds.player.complaint({ transcriptDigest, shares: [{ dealer, ...shown }] });
    const proof = proofOf(rounds, complaint, dealer);
    const [, , third = ''] = proof.commitments;
    const cases: readonly [string, BlameProof, string][] = [
      ['a missing commitment', { ...proof, commitments: proof.commitments.slice(1) }, 'input.blame-proof'],
      ['a repeated one', { ...proof, commitments: [third, ...proof.commitments.slice(1)] }, 'input.blame-proof'],
      ['another ceremony', { ...proof, parametersHex: toHex(other.key.parameters) }, 'conflict.envelope-stale'],
      ['shares of another ceremony', { ...proof, shares: other.shares.map(hex) }, 'conflict.envelope-stale'],
      ['a dealer who is not named', { ...proof, dealer: validatorId(3) }, 'input.blame-proof'],
      ['a complaint about itself', { ...proof, dealer: HOSTILE }, 'input.blame-proof'],
      ['another network', { ...proof, network: 'elsewhere' }, 'input.blame-proof'],
      ['unreadable bytes', { ...proof, complaint: '00' }, 'input.blame-proof'],
      [
        'a complaint about other rounds',
        {
          ...proof,
          complaint: hex(
            rounds.player.complaint({ transcriptDigest: new Uint8Array(32), shares: [{ dealer, ...shown }] }),
          ),
        },
        'input.blame-proof',
      ],
    ];
    for (const [what, changed, code] of cases) expect([what, verdictOf(changed)]).toEqual([what, code]);
  });
});

describe('commitments', () => {
  const about = (key: Key, commitments: Envelope): BlameProof => ({
    version: 1,
    kind: 'keygen-commitments',
    environment: fleet.genesis.environment,
    network: fleet.genesis.name,
    parametersHex: toHex(key.parameters),
    commitments: hex(commitments),
  });

  test('of another number, without points, or without knowledge of the secret convict whoever signed them', () => {
    epoch += 1;
    const key = keygenParameters(fleet, epoch);
    const player = playing(HOSTILE)(key);
    const points = playing(HOSTILE)(key);
    const identity = new Uint8Array(33);
    const longer = [...Array(4)].map(() => Uint8Array.of(2, ...randomBytes(32)));
    for (const changes of [
      { commitments: longer },
      { commitments: [] },
      { commitments: [identity, identity, identity] },
      { proofOfKnowledge: new Uint8Array(64) },
      { proofOfKnowledge: Uint8Array.from(randomBytes(64)) },
      // The proof of somebody else's polynomial: a rogue key.
      { commitments: [...signedPoints(points)] },
    ]) {
      expect(verdictOf(about(key, player.commitments(changes)))).toBe(HOSTILE);
    }
    expect(verdictOf(about(key, player.commitments()))).toBe('policy.blame-unfounded');
  });

  const signedPoints = (other: HostileParticipant): readonly Uint8Array[] => other.points;
});

test('a coordinator that shows two rounds to two validators gets no share counted by either', async () => {
  epoch += 1;
  const key = keygenParameters(fleet, epoch);
  const honest = ALL.filter((id) => id !== HOSTILE);
  const [one, two] = [playing(HOSTILE)(key), playing(HOSTILE)(key)];
  const said = await fleet.askAll({ case: 'startKeygen', value: { parameters: key.parameters } }, honest);
  const views = [one, two].map((player) => inOrder([...said, player.commitments()]));
  const { ceremony } = key;
  const shares: Envelope[] = [];
  for (const id of honest) {
    const commitments = views[id === VICTIM ? 1 : 0] ?? [];
    shares.push(...(await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } }, [id])));
  }
  shares.push(one.shares(views[0] ?? []));
  const rounds = { key, commitments: views[0] ?? [], shares: inOrder(shares) };
  for (const id of honest) expect(await finish(rounds, id)).toMatchObject({ code: 'conflict.keygen-view' });
});
