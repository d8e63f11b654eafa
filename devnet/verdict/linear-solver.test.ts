import { expect, test } from '@jest/globals';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { signingSuite } from '../../threshold/session/suite.ts';
import type { VaultTweak } from '../../threshold/suite.ts';
import { commitAll, shareOf } from '../../threshold/testkit/ceremony.ts';
import { dealKeyset } from '../../threshold/testkit/keyset.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { type SeenPartial, solveForShares } from './linear-solver.ts';
import { seededReuse } from './seeded-reuse.ts';

const pair = { verifying: verifyingSuite, signing: signingSuite };
const keyset = dealKeyset('solver', 5, 3);
const later = dealKeyset('solver of a later key', 5, 3);
const TWO = validatorId(2);
const bytes = (text: string): Uint8Array => Buffer.from(sha256Hex(Buffer.from(text)), 'hex');
const vault = (text: string): VaultTweak => ({ vaultId: bytes(text), root: new Uint8Array(0) });
type Nonces = ReturnType<typeof signingSuite.commit>;
const fresh = (from = keyset, validator: ValidatorId = TWO): Nonces =>
  signingSuite.commit(shareOf(from, validator), validator);

/** What a validator says to one request, by the real suite. */
function partial(message: string, own: Nonces, from = keyset, validator: ValidatorId = TWO): SeenPartial {
  const others = [1, 2, 3, 4].map(validatorId).filter((id) => id !== validator);
  const { signers: rest } = commitAll(pair, from, others.slice(0, 2));
  const signers = [...rest, { validator, nonces: own.nonces }];
  const about = { key: from.key, tweak: vault(message), signers, message: bytes(message) };
  const share = shareOf(from, validator);
  // The copy is the bug: the suite erases what it is given.
  const signed = signingSuite.signShare(
    from.key,
    about.tweak,
    validator,
    share,
    own.secret.slice(),
    signers,
    about.message,
  );
  return { ...about, validator, request: sha256Hex(bytes(message)), input: 0, partial: signed };
}

const honest = (): SeenPartial[] => Array.from({ length: 12 }, (_unused, at) => partial(`honest ${at}`, fresh()));

test('fresh nonces determine nothing, however many partial signatures are seen and however often', () => {
  const seen = honest();
  const { recovered, contradictions, ...counts } = solveForShares([...seen, ...seen]);
  expect({ recovered, contradictions }).toEqual({ recovered: [], contradictions: 0 });
  expect(counts).toEqual({ equations: 12, unknowns: 25, commitments: 24 });
});

test('a pair of nonces under three requests gives the share away, among any number of honest ones', () => {
  const reused = fresh();
  const three = ['a', 'b', 'c'].map((message) => partial(message, reused));
  const seen = [...honest(), ...three];
  const share = { validator: TWO, keyset: keyset.key.keyset, shareHex: toHex(shareOf(keyset, TWO)) };
  expect(solveForShares(seen).recovered).toEqual([share]);
  expect(solveForShares(seen.slice(0, -1)).recovered).toEqual([]);
});

test('two pairs that were each used twice give nothing away until half of each meets in a third', () => {
  const [one, other] = [fresh(), fresh()];
  const seen = [partial('a', one), partial('b', one), partial('c', other), partial('d', other)];
  expect(solveForShares(seen).recovered).toEqual([]);
  const mixed: Nonces = {
    nonces: { hiding: one.nonces.hiding, binding: other.nonces.binding },
    secret: Uint8Array.from([...one.secret.subarray(0, 32), ...other.secret.subarray(32)]),
  };
  expect(solveForShares([...seen, partial('e', mixed)]).recovered).toMatchObject([{ validator: TWO }]);
});

test('nonces that went from one key to the next give both shares away once there are four equations', () => {
  const reused = fresh();
  const seen = [partial('a', reused), partial('b', reused), partial('c', reused, later)];
  expect(solveForShares(seen).recovered).toEqual([]);
  const both = solveForShares([...seen, partial('d', reused, later)]).recovered;
  expect(new Map(both.map((share) => [share.keyset, share.shareHex]))).toEqual(
    new Map([keyset, later].map((each) => [each.key.keyset, toHex(shareOf(each, TWO))])),
  );
});

test('two validators with the same nonces, each used twice, are both given away', () => {
  const reused = fresh();
  const three = validatorId(3);
  const seen = [partial('a', reused), partial('b', reused), partial('c', reused, keyset, three)];
  expect(
    solveForShares([...seen, partial('d', reused, keyset, three)]).recovered.map((each) => each.validator),
  ).toEqual(expect.arrayContaining([TWO, three]));
});

test('a wrong partial signature reveals nothing, and is counted', () => {
  const reused = fresh();
  const [first, ...rest] = ['a', 'b', 'c'].map((message) => partial(message, reused));
  if (first === undefined) throw new Error('three were made');
  const wrong = { ...first, partial: Uint8Array.from(first.partial, (byte, at) => (at === 31 ? byte ^ 1 : byte)) };
  expect(solveForShares([wrong, ...rest])).toMatchObject({ recovered: [], contradictions: 1 });
});

test('the reuse that a verdict plants is found, and only as a whole', () => {
  const planted = seededReuse();
  expect(solveForShares(planted.partials).recovered.map(({ shareHex }) => shareHex)).toEqual([planted.shareHex]);
  expect(solveForShares(planted.partials.slice(1)).recovered).toEqual([]);
});
