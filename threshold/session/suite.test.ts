import { expect, test } from '@jest/globals';
import { validatorId } from '../../domain/network/network.ts';
import { commitAll, shareOf } from '../testkit/ceremony.ts';
import { failureFrom } from '../testkit/failing.ts';
import { dealKeyset } from '../testkit/keyset.ts';
import { shareBelongs, signingSuite } from './suite.ts';

test('a share belongs to its validator and keyset only', () => {
  const keyset = dealKeyset('own', 3, 2);
  const other = dealKeyset('other', 3, 2);
  expect(shareBelongs(keyset.key, validatorId(1), shareOf(keyset, validatorId(1)))).toBe(true);
  expect(shareBelongs(keyset.key, validatorId(2), shareOf(keyset, validatorId(1)))).toBe(false);
  expect(shareBelongs(other.key, validatorId(1), shareOf(keyset, validatorId(1)))).toBe(false);
});

test('a wiped or malformed share neither belongs, commits nor signs, and the nonce is burnt', () => {
  const keyset = dealKeyset('wiped', 3, 2);
  const self = validatorId(1);
  for (const share of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(32).fill(255)]) {
    expect(failureFrom(() => shareBelongs(keyset.key, self, share)).code).toBe('input.share');
    expect(failureFrom(() => signingSuite.commit(share, self)).code).toBe('input.share');
    const { signers, secrets } = commitAll({ signing: signingSuite }, keyset, [self, validatorId(2)]);
    const secret = secrets.get(self) ?? new Uint8Array(0);
    const sign = () => signingSuite.signShare(keyset.key, undefined, self, share, secret, signers, new Uint8Array(32));
    expect(failureFrom(sign).code).toBe('input.share');
    expect(secret).toEqual(new Uint8Array(64));
  }
});
