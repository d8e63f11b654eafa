import { expect, test } from '@jest/globals';
import { schnorr_FROST } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { validatorId } from '../../domain/network/network.ts';
import { signingSuite } from '../session/suite.ts';
import { commitAll, shareOf } from '../testkit/ceremony.ts';
import { dealKeyset, idsUpTo } from '../testkit/keyset.ts';
import { createVerifyingSuite } from './suite.ts';

const pair = { verifying: createVerifyingSuite(), signing: signingSuite };
const identifier = (id: number) => schnorr_FROST.Identifier.fromNumber(id);

test('aggregate and partial checks give the same bytes and verdicts as the curve library, for even and odd keys', () => {
  const parities = new Set<string>();
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 7 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 2, max: n }))),
      fc.nat(),
      fc.uint8Array({ maxLength: 80 }),
      fc.nat({ max: 31 }),
      ([n, t], seed, message, position) => {
        const keyset = dealKeyset(`differential ${seed}`, n, t);
        const ids = idsUpTo(n).slice(n - t);
        const { signers, secrets } = commitAll(pair, keyset, ids);
        const list = signers.map(({ validator, nonces }) => ({ identifier: identifier(validator), ...nonces }));
        const pub = {
          signers: { min: t, max: n },
          commitments: [hexToBytes(keyset.key.groupKey)],
          verifyingShares: Object.fromEntries(
            keyset.key.verifyingShares.map((share, index) => [identifier(index + 1), hexToBytes(share)]),
          ),
        };
        const partials = new Map(
          ids.map((id) => {
            const secret = secrets.get(id) ?? new Uint8Array(64);
            // The library signs for the raw package, odd or even; our signer for its even form: both must be equal.
            const nonces = { hiding: secret.slice(0, 32), binding: secret.slice(32) };
            const theirs = schnorr_FROST.signShare(
              { identifier: identifier(id), signingShare: shareOf(keyset, id) },
              pub,
              nonces,
              list,
              message,
            );
            const ours = signingSuite.signShare(
              keyset.key,
              undefined,
              id,
              shareOf(keyset, id),
              secret,
              signers,
              message,
            );
            expect(ours).toEqual(theirs);
            return [id, ours] as const;
          }),
        );
        const record = Object.fromEntries([...partials].map(([id, share]) => [identifier(id), share]));
        const signature = pair.verifying.aggregate(keyset.key, undefined, signers, message, partials);
        expect(bytesToHex(signature)).toBe(bytesToHex(schnorr_FROST.aggregate(pub, list, message, record)));
        parities.add(keyset.key.groupKey.slice(0, 2));
        const [victim] = ids;
        if (victim === undefined) throw new Error('there are signers');
        const spoilt = Uint8Array.from(partials.get(victim) ?? new Uint8Array(32));
        spoilt[position] = (spoilt[position] ?? 0) ^ 1;
        expect(pair.verifying.verifyPartial(keyset.key, undefined, signers, message, victim, spoilt)).toBe(
          schnorr_FROST.verifyShare(pub, list, message, identifier(victim), spoilt),
        );
      },
    ),
    { numRuns: 24 },
  );
  expect([...parities].sort()).toEqual(['02', '03']);
});

test('a cached transcript of one package is not used for another with a higher threshold', () => {
  const keyset = dealKeyset('cache', 4, 2);
  const message = new Uint8Array(32);
  const { signers } = commitAll(pair, keyset, [validatorId(1), validatorId(2)]);
  const ask = (threshold: number) => () =>
    pair.verifying.verifyPartial(
      { ...keyset.key, threshold },
      undefined,
      signers,
      message,
      validatorId(1),
      new Uint8Array(32),
    );
  expect(ask(2)()).toBe(false);
  expect(ask(3)).toThrow('3 are needed');
});
