import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BlameProof } from '../../domain/ceremony/blame.ts';
import { keygenTranscript } from '../../domain/ceremony/digests.ts';
import { shownShareMessage } from '../../domain/ceremony/dispute.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import type { Envelope } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { TestFleet } from './testkit/agents.ts';
import { senderOf } from './testkit/ceremonies.ts';
import type { HostileParticipant } from './testkit/hostile-participant.ts';
import { envelopeHex, HostileKeygen, inRosterOrder, type KeygenRounds } from './testkit/keygen-rounds.ts';

const HOSTILE = validatorId(2);
const VICTIM = validatorId(4);
const ALL = [1, 2, 3, 4].map(validatorId);

let fleet: TestFleet;
beforeAll(() => {
  fleet = new TestFleet(4, 3, {
    codec: transactionCodec('regtest'),
    keystore: () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined }),
  });
});
afterAll(() => fleet.close());

const court = new HostileKeygen(() => fleet, HOSTILE, ALL);
const transcriptOf = ({ key, commitments, shares }: KeygenRounds) =>
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
    const rounds = await court.rounds(spoiled);
    const complaint = await court.finish(rounds, VICTIM);
    if (!complaint.ok) throw new Error(complaint.code);
    expect(court.verdict(court.shareProof(rounds, complaint.envelope, HOSTILE))).toBe(HOSTILE);
  });

  test('leaves nothing sealed with its recipient, who says the same again, also to the honest rounds', async () => {
    const rounds = await court.rounds(spoiled);
    const first = await court.finish(rounds, VICTIM);
    const again = await court.finish(rounds, VICTIM);
    expect(again).toEqual(first);
    const { keysets } = fleet.get(VICTIM).agent.report();
    expect(keysets.some((keyset) => keyset.epoch === court.epoch)).toBe(false);
  });

  test('is found by those only who got one: the others seal, and there is no certificate without all', async () => {
    const rounds = await court.rounds(spoiled);
    for (const id of [1, 3].map(validatorId)) expect((await court.finish(rounds, id)).ok).toBe(true);
  });
});

describe('nobody can be framed', () => {
  /** What validator 2 can sign about the share that validator 1 sent to it. */
  function falseComplaint(
    rounds: KeygenRounds & { readonly player: HostileParticipant },
    exchange = rounds.player.exchange,
  ) {
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
    const rounds = await court.rounds();
    const { dealer, transcriptDigest, shown } = falseComplaint(rounds);
    const complaint = rounds.player.complaint({ transcriptDigest, shares: [{ dealer, ...shown }] });
    expect(court.verdict(court.shareProof(rounds, complaint, dealer))).toBe(HOSTILE);
  });

  test('so does one with an invented opening, of any bytes', async () => {
    const rounds = await court.rounds();
    const { dealer, transcriptDigest, shown } = falseComplaint(rounds);
    for (const invented of [
      { sharedPoint: Uint8Array.from(randomBytes(33)), proof: shown.proof },
      { sharedPoint: shown.sharedPoint, proof: Uint8Array.from(randomBytes(64)) },
      { sharedPoint: new Uint8Array(0), proof: new Uint8Array(0) },
    ]) {
      const complaint = rounds.player.complaint({ transcriptDigest, shares: [{ dealer, ...invented }] });
      expect(court.verdict(court.shareProof(rounds, complaint, dealer))).toBe(HOSTILE);
    }
  });

  test('a recipient with two receiving keys shows the second one in vain: shares say for which round they were made', async () => {
    const rounds = await court.rounds();
    const second = court.player(rounds.key);
    const commitments = inRosterOrder([
      ...rounds.commitments.filter((each) => senderOf(each) !== HOSTILE),
      second.commitments(),
    ]);
    const swapped = { ...rounds, commitments };
    const { dealer, transcriptDigest, shown } = falseComplaint(swapped, second.exchange);
    const complaint = second.complaint({ transcriptDigest, shares: [{ dealer, ...shown }] });
    expect(court.verdict(court.shareProof(swapped, complaint, dealer))).toBe('input.blame-proof');
    const [, first] = rounds.commitments;
    const [, other] = commitments;
    const equivocation = court.equivocation(first, other);
    expect(court.verdict(equivocation)).toBe(HOSTILE);
  });

  test('rounds that are incomplete, repeated or of another ceremony, and complaints about others, prove nothing', async () => {
    const rounds = await court.rounds();
    const other = await court.rounds();
    const { dealer, transcriptDigest, shown } = falseComplaint(rounds);
    const complaint = rounds.player.complaint({ transcriptDigest, shares: [{ dealer, ...shown }] });
    const proof = court.shareProof(rounds, complaint, dealer);
    const [, , third = ''] = proof.commitments;
    const cases: readonly [string, BlameProof, string][] = [
      ['a missing commitment', { ...proof, commitments: proof.commitments.slice(1) }, 'input.blame-proof'],
      ['a repeated one', { ...proof, commitments: [third, ...proof.commitments.slice(1)] }, 'input.blame-proof'],
      ['another ceremony', { ...proof, parametersHex: toHex(other.key.parameters) }, 'conflict.envelope-stale'],
      ['shares of another ceremony', { ...proof, shares: other.shares.map(envelopeHex) }, 'conflict.envelope-stale'],
      ['a dealer who is not named', { ...proof, dealer: validatorId(3) }, 'input.blame-proof'],
      ['a complaint about itself', { ...proof, dealer: HOSTILE }, 'input.blame-proof'],
      ['another network', { ...proof, network: 'elsewhere' }, 'input.blame-proof'],
      ['unreadable bytes', { ...proof, complaint: '00' }, 'input.blame-proof'],
      [
        'a complaint about other rounds',
        {
          ...proof,
          complaint: envelopeHex(
            rounds.player.complaint({ transcriptDigest: new Uint8Array(32), shares: [{ dealer, ...shown }] }),
          ),
        },
        'input.blame-proof',
      ],
    ];
    for (const [what, changed, code] of cases) expect([what, court.verdict(changed)]).toEqual([what, code]);
  });
});

describe('commitments', () => {
  test('of another number, without points, or without knowledge of the secret convict whoever signed them', () => {
    const key = court.next();
    const player = court.player(key);
    const points = court.player(key);
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
      expect(court.verdict(court.commitmentsProof(key, player.commitments(changes)))).toBe(HOSTILE);
    }
    expect(court.verdict(court.commitmentsProof(key, player.commitments()))).toBe('policy.blame-unfounded');
  });

  const signedPoints = (other: HostileParticipant): readonly Uint8Array[] => other.points;
});

test('a coordinator that shows two rounds to two validators gets no share counted by either', async () => {
  const key = court.next();
  const [one, two] = [court.player(key), court.player(key)];
  const said = await court.opened(key);
  const views = [one, two].map((player) => inRosterOrder([...said, player.commitments()]));
  const { ceremony } = key;
  const shares: Envelope[] = [];
  for (const id of court.honest) {
    const commitments = views[id === VICTIM ? 1 : 0] ?? [];
    shares.push(...(await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } }, [id])));
  }
  shares.push(one.shares(views[0] ?? []));
  const rounds = { key, commitments: views[0] ?? [], shares: inRosterOrder(shares) };
  for (const id of court.honest) expect(await court.finish(rounds, id)).toMatchObject({ code: 'conflict.keygen-view' });
});
