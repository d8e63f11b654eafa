import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { validatorId } from '../../../domain/network/network.ts';
import { plugin } from '../../../plugins/keystore/memory/index.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import { commitAll, shareOf } from '../../../threshold/testkit/ceremony.ts';
import { dealKeyset } from '../../../threshold/testkit/keyset.ts';
import { verifyingSuite } from '../../../threshold/verify/suite.ts';
import { inProcessSigner } from '../../../validator/custody/signer/in-process.ts';
import { type Act, ACTS, ATTRIBUTABLE, type Deed, deedsIn, orderedIn, tellIn, writeDeed } from './acts.ts';
import { hostileSigner } from './signer.ts';

const keyset = dealKeyset('hostile', 5, 3);
const SELF = validatorId(2);
const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'firebreak-hostile-'));
  folders.push(made);
  return made;
};
afterEach(() => {
  for (const each of folders.splice(0)) rmSync(each, { recursive: true });
});

/** What the validator answers to one request while it is told so, and whether that holds. */
async function signs(
  told: Act | undefined,
): Promise<{ readonly holds: boolean; readonly deeds: Deed[]; readonly left: boolean }> {
  const components = { dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined } as const;
  const keystore = plugin.create({})(components);
  const inner = inProcessSigner({ self: SELF, suite: signingSuite, keystore });
  const deeds: Deed[] = [];
  let left = false;
  const signer = hostileSigner(
    inner,
    SELF,
    () => told,
    (deed) => void deeds.push(deed),
    () => void (left = true),
  );
  const { keyset: name, epoch } = keyset.key;
  const sealed = await keystore.seal(shareOf(keyset, SELF), { keyset: name, epoch, validator: SELF });
  const [own] = await signer.commit(keyset.key, sealed, 1, 'signing-a');
  if (own === undefined) throw new Error('no commitment was given');
  const pair = { verifying: verifyingSuite, signing: signingSuite };
  const { signers: others } = commitAll(pair, keyset, [1, 3].map(validatorId));
  const signers = [...others, { validator: SELF, nonces: own }].sort((a, b) => a.validator - b.validator);
  const message = new Uint8Array(32).fill(7);
  const [partial = new Uint8Array(32)] = await signer.sign(
    keyset.key,
    sealed,
    [{ tweak: undefined, signers, message, own }],
    'signing-a',
  );
  return { holds: verifyingSuite.verifyPartial(keyset.key, undefined, signers, message, SELF, partial), deeds, left };
}

test('a hostile validator that is told nothing signs as an honest one', async () => {
  expect(await signs(undefined)).toEqual({ holds: true, deeds: [], left: false });
});

test.each(['slow', 'leaves', ...ATTRIBUTABLE] as const)(
  'told that it %s, it does, and writes down what it did',
  async (act) => {
    const { holds, deeds, left } = await signs(act);
    expect(holds).toBe(!ATTRIBUTABLE.has(act));
    expect(deeds).toEqual([{ act, ceremony: 'signing-a' }]);
    expect(left).toBe(act === 'leaves');
  },
);

test('an order counts until its time is over, and a folder without one has an honest validator', () => {
  const dir = folder();
  expect(orderedIn(dir)).toBeUndefined();
  for (const act of ACTS) {
    tellIn(dir, act, Date.now() + 60_000);
    expect(orderedIn(dir)?.act).toBe(act);
  }
  tellIn(dir, 'silent', Date.now() - 1);
  expect(orderedIn(dir)).toBeUndefined();
  expect(deedsIn(dir)).toEqual([]);
  writeDeed(dir, { act: 'slow', ceremony: 'signing-a' });
  expect(deedsIn(dir)).toEqual([{ act: 'slow', ceremony: 'signing-a' }]);
});
