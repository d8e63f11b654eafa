import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { KeygenCommitment, KeygenSession } from '../suite.ts';
import { Fn, lagrangeAtZero, Point, parseScalar } from '../verify/curve.ts';
import { checkPackage } from '../verify/key-package.ts';
import { type SuitePair, signAll } from './ceremony.ts';
import { failureFrom } from './failing.ts';
import { generateKeyset, idsUpTo } from './keyset.ts';

const MESSAGE = sha256(new Uint8Array(0));
/** No point has x = 5. */
const OFF_CURVE = Uint8Array.of(2, ...new Uint8Array(31), 5);

/** What every suite must do when it generates a key. */
export function keygenCompliance(name: string, pair: SuitePair): void {
  const { signing, verifying } = pair;

  /** Four participants after round 1, threshold 3; `spoil` changes what validator 2 broadcasts. */
  function afterRound1(spoil: (sent: KeygenCommitment, all: readonly KeygenSession[]) => KeygenCommitment) {
    const sessions = idsUpTo(4).map((id) => signing.startKeygen(id, idsUpTo(4), 3));
    const all = new Map(
      sessions.map((session, i): [ValidatorId, KeygenCommitment] => [validatorId(i + 1), session.round1]),
    );
    const second = sessions[1];
    const first = sessions[0];
    if (first === undefined || second === undefined) throw new Error('four sessions were started');
    all.set(validatorId(2), spoil(second.round1, sessions));
    return { first, second, sessions, all };
  }
  const unchanged = (sent: KeygenCommitment) => sent;

  /** The shares that validator 1 should get. */
  function sharesForFirst() {
    const { first, sessions, all } = afterRound1(unchanged);
    const sent = sessions.map((session) => session.receiveCommitments(all));
    const mine = new Map(
      [2, 3, 4].map((id): [ValidatorId, Uint8Array] => [
        validatorId(id),
        sent[id - 1]?.get(validatorId(1)) ?? new Uint8Array(32),
      ]),
    );
    return { first, mine };
  }

  describe(`${name} generates keys`, () => {
    test('all participants end with one sound package, and any threshold of them signs', () => {
      const made = generateKeyset(signing, 'compliance', 4, 3);
      expect(checkPackage(made.key)).toEqual({ ok: true, value: made.key });
      for (const ids of [
        [1, 2, 3],
        [2, 3, 4],
        [1, 2, 3, 4],
      ]) {
        const { signers, partials } = signAll(pair, made, ids.map(validatorId), undefined, MESSAGE);
        const signature = verifying.aggregate(made.key, undefined, signers, MESSAGE, partials);
        expect(
          verifying.verifySignature(verifying.deriveOutput(made.key, undefined).outputKey, MESSAGE, signature),
        ).toBe(true);
      }
    });

    test('fewer shares than the threshold give another key', () => {
      const made = generateKeyset(signing, 'interpolation', 4, 3);
      const interpolate = (ids: number[]) => {
        const terms = ids.map((id) =>
          Fn.mul(lagrangeAtZero(ids, id), parseScalar(made.shares[id - 1] ?? new Uint8Array(), 'share')),
        );
        return Buffer.from(Point.BASE.multiply(terms.reduce((sum, term) => Fn.add(sum, term))).toBytes()).toString(
          'hex',
        );
      };
      expect(interpolate([1, 3, 4])).toBe(made.key.groupKey);
      expect(interpolate([1, 3])).not.toBe(made.key.groupKey);
    });

    test('each attempt gives another key', () => {
      const keys = [1, 2].map((attempt) => generateKeyset(signing, `attempt ${attempt}`, 2, 2).key.groupKey);
      expect(keys[0]).not.toBe(keys[1]);
    });

    test.each<[string, (sent: KeygenCommitment, all: readonly KeygenSession[]) => KeygenCommitment]>([
      [
        'a longer commitment vector (a raised threshold)',
        (sent) => ({ ...sent, commitments: [...sent.commitments, ...sent.commitments.slice(0, 1)] }),
      ],
      ['a shorter commitment vector', (sent) => ({ ...sent, commitments: sent.commitments.slice(0, 2) })],
      [
        'the identity as a commitment',
        (sent) => ({ ...sent, commitments: [...sent.commitments.slice(0, 2), Uint8Array.of(0)] }),
      ],
      [
        'a commitment off the curve',
        (sent) => ({ ...sent, commitments: [...sent.commitments.slice(0, 2), OFF_CURVE] }),
      ],
      ["another participant's commitments and proof", (_, all) => all[2]?.round1 ?? _],
      [
        'a proof of knowledge of something else',
        (sent, all) => ({ ...sent, proofOfKnowledge: all[2]?.round1.proofOfKnowledge ?? sent.proofOfKnowledge }),
      ],
      [
        'a proof of knowledge of wrong length',
        (sent) => ({ ...sent, proofOfKnowledge: sent.proofOfKnowledge.subarray(0, 63) }),
      ],
    ])('the sender of %s is named', (_, spoil) => {
      const { first, all } = afterRound1(spoil);
      expect(failureFrom(() => first.receiveCommitments(all))).toEqual({
        code: 'signer-fault.keygen-commitments',
        culprits: [2],
      });
      expect(failureFrom(() => first.receiveCommitments(all)).code).toBe('bug.keygen-order');
    });

    test('a participant too few, a stranger, and changed commitments of our own are refused', () => {
      const { first, second, all } = afterRound1(unchanged);
      const few = new Map([...all].slice(0, 3));
      expect(failureFrom(() => first.receiveCommitments(few)).code).toBe('input.keygen-set');
      const stranger = new Map(all).set(validatorId(5), second.round1);
      expect(failureFrom(() => first.receiveCommitments(stranger)).code).toBe('input.keygen-set');
      const changed = new Map(all).set(validatorId(1), second.round1);
      expect(failureFrom(() => first.receiveCommitments(changed)).code).toBe('input.keygen-set');
      expect(first.receiveCommitments(all).size).toBe(3);
    });

    test.each([[0], [5], [1.5]])('validator %s of 4 cannot start', (self) => {
      expect(failureFrom(() => signing.startKeygen(validatorId(self), idsUpTo(4), 3)).code).toBe('input.keygen-set');
    });

    test.each([
      ['nobody', []],
      ['one', [1]],
      ['too many', Array.from({ length: 257 }, (_, at) => at + 1)],
      ['an id beyond the largest', [1, 2, 257]],
      ['an id of zero', [0, 1, 2]],
      ['half an id', [1, 2.5, 3]],
      ['no number', [1, Number.NaN]],
      ['an id twice', [1, 2, 2, 3]],
      ['ids out of order', [1, 3, 2]],
    ])('a key between %s cannot start', (_, participants) => {
      expect(failureFrom(() => signing.startKeygen(validatorId(1), participants.map(validatorId), 2)).code).toBe(
        'input.keygen-set',
      );
    });

    test('ids need not be consecutive: whoever is left makes a key, and any threshold of them signs', () => {
      const made = generateKeyset(signing, 'with gaps', [1, 3, 4, 16], 3);
      expect(checkPackage(made.key)).toEqual({ ok: true, value: made.key });
      for (const ids of [
        [1, 3, 16],
        [3, 4, 16],
        [1, 3, 4, 16],
      ]) {
        const { signers, partials } = signAll(pair, made, ids.map(validatorId), undefined, MESSAGE);
        const signature = verifying.aggregate(made.key, undefined, signers, MESSAGE, partials);
        expect(
          verifying.verifySignature(verifying.deriveOutput(made.key, undefined).outputKey, MESSAGE, signature),
        ).toBe(true);
      }
    });

    test.each([[1], [5], [2.5]])('a threshold of %s of 4 cannot start', (threshold) => {
      expect(failureFrom(() => signing.startKeygen(validatorId(1), idsUpTo(4), threshold)).code).toBe(
        'input.keygen-set',
      );
    });

    test.each([[[3]], [[2, 4]]])('the senders %j of shares that do not match their commitments are named', (liars) => {
      const { first, mine } = sharesForFirst();
      for (const id of liars)
        mine.set(
          validatorId(id),
          (mine.get(validatorId(id)) ?? new Uint8Array(32)).map((b, i) => (i === 31 ? b ^ 1 : b)),
        );
      expect(failureFrom(() => first.receiveShares(mine))).toEqual({
        code: 'signer-fault.keygen-share',
        culprits: liars,
      });
      expect(failureFrom(() => first.receiveShares(mine)).code).toBe('bug.keygen-order');
    });

    test('a share of wrong length or beyond the group order names its sender', () => {
      for (const bytes of [new Uint8Array(31), new Uint8Array(32).fill(255)]) {
        const { first, mine } = sharesForFirst();
        expect(failureFrom(() => first.receiveShares(new Map(mine).set(validatorId(4), bytes)))).toEqual({
          code: 'signer-fault.keygen-share',
          culprits: [4],
        });
      }
    });

    test('a missing share ends nothing: it may still come', () => {
      const { first, mine } = sharesForFirst();
      expect(failureFrom(() => first.receiveShares(new Map([...mine].slice(0, 2)))).code).toBe('input.keygen-set');
      expect(first.receiveShares(mine).share).toHaveLength(32);
    });

    test('rounds out of order and an erased session are refused', () => {
      const { first, second, all } = afterRound1(unchanged);
      expect(failureFrom(() => first.receiveShares(new Map())).code).toBe('bug.keygen-order');
      first.receiveCommitments(all);
      expect(failureFrom(() => first.receiveCommitments(all)).code).toBe('bug.keygen-order');
      second.erase();
      second.erase();
      expect(failureFrom(() => second.receiveCommitments(all)).code).toBe('bug.keygen-order');
    });
  });
}
