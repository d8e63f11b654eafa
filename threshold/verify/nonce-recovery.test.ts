import { expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { VaultTweak } from '../suite.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { signingSuite } from '../session/suite.ts';
import { commitAll, shareOf } from '../testkit/ceremony.ts';
import { dealKeyset } from '../testkit/keyset.ts';
import { type PartialInContext, recoverShare } from './nonce-recovery.ts';
import { verifyingSuite } from './suite.ts';

const pair = { verifying: verifyingSuite, signing: signingSuite };
const keyset = dealKeyset('recovery', 5, 3);
const VICTIM = validatorId(2);
const hashOf = (text: string) => sha256(utf8ToBytes(text));
const vault = (text: string): VaultTweak => ({ vaultId: hashOf(text), root: new Uint8Array(0) });

/** What a victim gives away that signs with `secret` for each of the requests; fresh nonces when `secret` is undefined. */
function partialsOf(
  requests: readonly {
    readonly others: readonly number[];
    readonly tweak: VaultTweak | undefined;
    readonly message: Uint8Array;
  }[],
  reused: boolean,
): PartialInContext[] {
  const kept = signingSuite.commit(shareOf(keyset, VICTIM), VICTIM);
  return requests.map(({ others, tweak, message }) => {
    const own = reused ? kept : signingSuite.commit(shareOf(keyset, VICTIM), VICTIM);
    const { signers: rest } = commitAll(pair, keyset, others.map(validatorId));
    const signers = [...rest, { validator: VICTIM as ValidatorId, nonces: own.nonces }];
    // The copy is the bug: the suite erases what it is given.
    const partial = signingSuite.signShare(
      keyset.key,
      tweak,
      VICTIM,
      shareOf(keyset, VICTIM),
      own.secret.slice(),
      signers,
      message,
    );
    return { key: keyset.key, tweak, signers, message, partial };
  });
}

test.each([
  ['one message, only the commitments of co-signers change', ['m', 'm', 'm'], [undefined, undefined, undefined]],
  ['three messages', ['a', 'b', 'c'], [undefined, undefined, undefined]],
  ['three vaults', ['a', 'b', 'c'], [vault('x'), vault('y'), vault('z')]],
] as const)('a nonce used three times gives the share away: %s', (_, messages, tweaks) => {
  const requests = messages.map((message, i) => ({
    others: [
      [1, 3],
      [4, 5],
      [1, 5],
    ][i] ?? [1, 3],
    tweak: tweaks[i],
    message: hashOf(message),
  }));
  const stolen = recoverShare(VICTIM, partialsOf(requests, true));
  expect(stolen && bytesToHex(stolen)).toBe(bytesToHex(shareOf(keyset, VICTIM)));
});

test('fresh nonces give nothing away, however many partials are seen', () => {
  const requests = ['a', 'b', 'c', 'd', 'e'].map((message) => ({
    others: [1, 3],
    tweak: vault(message),
    message: hashOf(message),
  }));
  expect(recoverShare(VICTIM, partialsOf(requests, false))).toBeUndefined();
});

test('two uses, three times the same answer, and no answer at all do not determine the share', () => {
  const requests = ['a', 'b'].map((message) => ({ others: [1, 3], tweak: undefined, message: hashOf(message) }));
  const [first, second] = partialsOf(requests, true);
  if (first === undefined || second === undefined) throw new Error('two partials were made');
  expect(recoverShare(VICTIM, [first, second])).toBeUndefined();
  expect(recoverShare(VICTIM, [first, second, first])).toBeUndefined();
  expect(recoverShare(VICTIM, [first, first, first])).toBeUndefined();
  expect(recoverShare(VICTIM, [])).toBeUndefined();
});
