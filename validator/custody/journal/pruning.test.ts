import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ceremonyId, type KeysetId, type PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import { orderDigest } from '../../../domain/committee/order.ts';
import { digestOf, TAGS } from '../../../domain/encoding/digest.ts';
import { signOrder, testNetwork } from '../testkit/network.ts';
import type { Journal } from './journal.ts';
import { openJournal } from './open.ts';
import { ORDERS_KEPT } from './orders.ts';

let folder = '';
let journal: Journal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-pruning-'));
  journal = openJournal(folder);
});
afterEach(() => {
  journal.close();
  rmSync(folder, { recursive: true, force: true });
});

const keysetOf = (name: number): KeysetId => name.toString(16).padStart(32, '0') as KeysetId;
const seal = (name: number, epoch = 1): void => {
  const keyset = keysetOf(name);
  const key = { keyset, epoch } as PublicKeyPackage;
  journal.keysets.seal({ keyset, epoch, package: key, sealedShare: new Uint8Array([1]), sealedAtMs: 1_000 - name });
};
const names = (): number[] => journal.keysets.list().map(({ keyset }) => Number.parseInt(keyset, 16));

test('of shares that no certificate followed only the last few stay, and none that was certified is ever erased', () => {
  seal(1);
  journal.keysets.certify(keysetOf(1), new Uint8Array([1]));
  for (let name = 2; name <= 60; name += 1) seal(name);
  expect(names()).toHaveLength(1 + 8);
  // Its clock goes backwards here: the one just sealed stays all the same.
  expect(names()).toContain(60);
  expect(journal.keysets.get(keysetOf(1))).toMatchObject({ state: 'certified', sealedShare: new Uint8Array([1]) });
});

test('a thousand orders stay, the present one among them, and where payouts stand is the same after a restart', () => {
  const network = testNetwork(2, 2);
  journal.atOnce(() => {
    for (let number = 1; number <= ORDERS_KEPT + 50; number += 1) {
      const signed = signOrder(network, { number }, 2);
      const state = { number, frozenUntilSeconds: signed.order.expiresAtSeconds };
      journal.orders.append({ state, digest: orderDigest(signed.order), signedOrder: signed }, number);
    }
  });
  const kept = Array.from({ length: ORDERS_KEPT + 50 }, (_unused, at) => at + 1).filter(
    (number) => journal.orders.get(number) !== undefined,
  );
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([ORDERS_KEPT, 51, ORDERS_KEPT + 50]);
  const standing = journal.orders.standing();
  expect(standing.state.number).toBe(ORDERS_KEPT + 50);
  journal.close();
  journal = openJournal(folder);
  expect(journal.orders.standing()).toEqual(standing);
});

test('a key generation that was begun is remembered, whatever other ceremonies write, until a later key is certified', () => {
  const ceremony = ceremonyId('keygen', digestOf(TAGS.keygenParameters, new Uint8Array([1])));
  journal.keysets.begin(ceremony, 1, 1);
  journal.atOnce(() => {
    for (let step = 0; step <= 50_000; step += 1) journal.steps.record('signing-other', 'step', step);
  });
  journal.close();
  journal = openJournal(folder);
  expect(journal.keysets.hasBegun(ceremony)).toBe(true);
  seal(1, 2);
  const begin = (name: number, epoch: number): void =>
    journal.keysets.begin(ceremonyId('keygen', digestOf(TAGS.keygenParameters, new Uint8Array([name]))), epoch, 2);
  begin(2, 2);
  expect(journal.keysets.hasBegun(ceremony)).toBe(true);
  // From here on its epoch is refused.
  journal.keysets.certify(keysetOf(1), new Uint8Array([1]));
  begin(3, 2);
  expect(journal.keysets.hasBegun(ceremony)).toBe(false);
});
