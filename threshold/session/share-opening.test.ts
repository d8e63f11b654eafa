import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { ceremonyId } from '../../domain/ceremony/ceremony.ts';
import type { DisputedShare } from '../../domain/ceremony/dispute.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { validatorId } from '../../domain/network/network.ts';
import { Fn, Point, scalarBytes } from '../verify/curve.ts';
import { boxKey, contextOf, openBox, receivingKeyOf, sendingKeyOf } from '../verify/share-box.ts';
import { judgeDispute } from '../verify/share-opening.ts';
import { openShareExchange } from './share-encryption.ts';

const ceremony = ceremonyId('keygen', sha256Hex(Uint8Array.of(1)));
const [DEALER, RECIPIENT, THIRD] = [validatorId(3), validatorId(11), validatorId(7)];
const message = Uint8Array.from(randomBytes(32));
const coefficients = Array.from({ length: 4 }, (_, at) => BigInt(1_000 + at));
const commitments = coefficients.map((each) => Point.BASE.multiply(each).toBytes());
const shareFor = (id: number): Uint8Array =>
  scalarBytes(coefficients.reduce((sum, each, at) => Fn.add(sum, Fn.mul(each, Fn.pow(BigInt(id), BigInt(at)))), 0n));

function dispute(share: Uint8Array) {
  const dealer = openShareExchange(ceremony, DEALER);
  const recipient = openShareExchange(ceremony, RECIPIENT);
  const encrypted = dealer.encryptFor(RECIPIENT, recipient.publicKey, share);
  const disputed: DisputedShare = {
    box: {
      ceremony,
      from: DEALER,
      to: RECIPIENT,
      sendingKey: sendingKeyOf(dealer.publicKey),
      receivingKey: receivingKeyOf(recipient.publicKey),
    },
    encrypted,
    commitments,
    opening: recipient.showOpening(DEALER, dealer.publicKey, message),
    message,
  };
  return { dealer, recipient, disputed };
}

test('a dealer that sent another share than it committed to is at fault', () => {
  const wrong = shareFor(RECIPIENT);
  wrong[31] = (wrong[31] ?? 0) ^ 1;
  expect(judgeDispute(dispute(wrong).disputed)).toBe('dealer');
  expect(judgeDispute(dispute(shareFor(THIRD)).disputed)).toBe('dealer');
  expect(judgeDispute(dispute(new Uint8Array(32).fill(0xff)).disputed)).toBe('dealer');
});

test('a recipient that complains about a good share is at fault', () => {
  expect(judgeDispute(dispute(shareFor(RECIPIENT)).disputed)).toBe('complainer');
});

test('a box that does not open is the fault of the dealer, whatever bit is wrong', () => {
  const { disputed } = dispute(shareFor(RECIPIENT));
  fc.assert(
    fc.property(fc.nat({ max: 60 * 8 - 1 }), (bit) => {
      const all = Uint8Array.from([...disputed.encrypted.nonce, ...disputed.encrypted.ciphertext]);
      all[bit >> 3] = (all[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const encrypted = { nonce: all.slice(0, 12), ciphertext: all.slice(12) };
      expect(judgeDispute({ ...disputed, encrypted })).toBe('dealer');
    }),
    { numRuns: 60 },
  );
});

test('no recipient can frame a dealer: an opening that is changed, or of another box, counts against who shows it', () => {
  const { disputed, recipient } = dispute(shareFor(RECIPIENT));
  const other = openShareExchange(ceremony, DEALER);
  const attacks: DisputedShare['opening'][] = [
    { ...disputed.opening, sharedPoint: Point.BASE.multiply(7n).toBytes() },
    { ...disputed.opening, sharedPoint: new Uint8Array(33) },
    { ...disputed.opening, proof: new Uint8Array(64) },
    { ...disputed.opening, proof: disputed.opening.proof.slice(1) },
    recipient.showOpening(DEALER, other.publicKey, message),
    recipient.showOpening(DEALER, Uint8Array.from(other.publicKey), Uint8Array.from(randomBytes(32))),
  ];
  for (const opening of attacks) expect(judgeDispute({ ...disputed, opening })).toBe('complainer');
  expect(judgeDispute({ ...disputed, message: Uint8Array.from(randomBytes(32)) })).toBe('complainer');
  fc.assert(
    fc.property(fc.nat({ max: 97 * 8 - 1 }), (bit) => {
      const all = Uint8Array.from([...disputed.opening.sharedPoint, ...disputed.opening.proof]);
      all[bit >> 3] = (all[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const opening = { sharedPoint: all.slice(0, 33), proof: all.slice(33) };
      expect(judgeDispute({ ...disputed, opening })).toBe('complainer');
    }),
    { numRuns: 60 },
  );
});

test('keys and commitments that are no points count against who signed them', () => {
  const { disputed } = dispute(shareFor(RECIPIENT));
  const none = new Uint8Array(33);
  expect(judgeDispute({ ...disputed, box: { ...disputed.box, sendingKey: none } })).toBe('dealer');
  expect(judgeDispute({ ...disputed, commitments: [...commitments.slice(1), none] })).toBe('dealer');
  expect(judgeDispute({ ...disputed, box: { ...disputed.box, receivingKey: none } })).toBe('complainer');
});

test('what a complaint shows opens neither the share in the other direction nor that of anybody else', () => {
  const { dealer, recipient, disputed } = dispute(shareFor(RECIPIENT));
  const back = recipient.encryptFor(DEALER, dealer.publicKey, shareFor(DEALER));
  const third = openShareExchange(ceremony, THIRD);
  const elsewhere = dealer.encryptFor(THIRD, third.publicKey, shareFor(THIRD));
  const shown = disputed.opening.sharedPoint.subarray(1);
  const contexts = [DEALER, RECIPIENT, THIRD].flatMap((from) =>
    [dealer, recipient, third].flatMap((sender) =>
      [dealer, recipient, third].map((receiver) =>
        contextOf({
          ceremony,
          from,
          to: from === DEALER ? RECIPIENT : DEALER,
          sendingKey: sendingKeyOf(sender.publicKey),
          receivingKey: receivingKeyOf(receiver.publicKey),
        }),
      ),
    ),
  );
  const opens = (box: DisputedShare['encrypted']): boolean =>
    contexts.some((context) => openBox(box, boxKey(shown, context), context) !== undefined);
  expect(opens(disputed.encrypted)).toBe(true);
  expect(opens(back)).toBe(false);
  expect(opens(elsewhere)).toBe(false);
  expect(Buffer.from(dealer.decryptFrom(RECIPIENT, recipient.publicKey, back)).equals(shareFor(DEALER))).toBe(true);
});
