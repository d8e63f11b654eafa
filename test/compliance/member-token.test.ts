import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { memberKey } from '../../cli/committee/key.ts';
import { readMemberKey } from '../../cli/member-key.ts';
import { remedyTables } from '../../cli/remedy-tables.ts';
import { signedBy } from '../../domain/committee/member-key.ts';
import { documentDigest, TAGS } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { findTool } from '../../toolchain/tools.mjs';
import { type FreshToken, softHsm } from './soft-hsm.ts';
import { Workshop } from './token-keys.ts';

/** The key of a committee member in a real SoftHSM2 token; what is done with it is in member-votes.test.ts. */
const hsm = await softHsm();
const utility = await findTool('softhsm2-util');
const withToken = hsm === undefined ? test.skip : test;
const digest = documentDigest(TAGS.selfTest, 'what a member signs');
let fresh: FreshToken;
let pin = '';
let folder = '';
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  if (hsm === undefined) return;
  fresh = await hsm.freshToken();
  pin = readFileSync(fresh.token.pinFile, 'utf8').trim();
  const env = { ...process.env, SOFTHSM2_CONF: fresh.token.configFile };
  for (let made = 0; made < 2; made += 1) {
    const init = ['--init-token', '--free', '--label', 'twin', '--so-pin', pin, '--pin', pin];
    execFileSync(utility?.path ?? '', init, { env });
  }
  const shop = await Workshop.open(fresh);
  shop.curve('twice', 'ed25519', {}, 'first');
  shop.curve('twice', 'ed25519', {}, 'second');
  shop.curve('readable', 'ed25519', { CKA_EXTRACTABLE: true });
  shop.curve('plain', 'ed25519', { CKA_SENSITIVE: false });
  shop.curve('mute', 'ed25519', { CKA_SIGN: false });
  shop.curve('p256', 'P-256');
  shop.curve('bitcoin', 'secp256k1');
  shop.rsa('rsa');
  shop.curve('each-time', 'ed25519', { CKA_ALWAYS_AUTHENTICATE: true });
  shop.destroy(shop.curve('alone', 'ed25519').publicKey);
  shop.destroy(shop.curve('mixed-up', 'ed25519').publicKey);
  shop.relabel(shop.curve('of another', 'ed25519').publicKey, 'mixed-up');
  shop.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-member-token-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => hsm?.dispose());

type Parts = { readonly token?: string; readonly object?: string; readonly module?: string; readonly pinFile?: string };
const uri = ({ token, object, module, pinFile }: Parts): string =>
  `pkcs11:token=${token ?? fresh.token.tokenLabel};object=${object ?? 'member'}` +
  `?module-path=${module ?? fresh.config.module}&pin-source=file:${pinFile ?? fresh.token.pinFile}`;

const table = Object.assign({}, ...remedyTables) as Readonly<Record<string, { readonly remedy: string }>>;

/** What a run is refused with; it must have a remedy of its own, and no PIN anywhere in it. */
async function refusalOf(run: () => Promise<unknown>): Promise<{ readonly code: string; readonly message: string }> {
  try {
    await run();
  } catch (error) {
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(pin);
    if (error instanceof FirebreakFailure) {
      expect(table[error.code]?.remedy).toMatch(/\w/);
      return { code: error.code, message: error.message };
    }
    throw error;
  }
  return { code: 'nothing', message: '' };
}
const reading = (parts: Parts) =>
  refusalOf(async () => {
    using member = await readMemberKey(uri(parts));
    member.sign(digest);
  });

withToken('a key that is made in a token signs there, is the same at the next login, and cannot be read', async () => {
  const made = await memberKey({ out: uri({}) });
  const { key } = made.data as { key: string };
  expect(made.data).toEqual({ uri: uri({}), key, voter: key });
  expect(made.lines.join('\n')).toContain(`{"name":"<name>","key":"${key}"}`);
  expect((await memberKey({ show: uri({}) })).data).toEqual(made.data);
  {
    using member = await readMemberKey(uri({}));
    expect(member).toMatchObject({ algorithm: 'ed25519', key, voter: key });
    expect(signedBy({ key }, digest, member.sign(digest))).toBe(true);
  }
  const shop = await Workshop.open(fresh);
  expect(shop.attributes('member', 'CKA_SENSITIVE', 'CKA_EXTRACTABLE', 'CKA_MODIFIABLE', 'CKA_VALUE')).toEqual({
    CKA_SENSITIVE: true,
    CKA_EXTRACTABLE: false,
    CKA_MODIFIABLE: false,
    CKA_VALUE: expect.stringContaining('CKR_ATTRIBUTE_SENSITIVE'),
  });
  shop.close();
  expect(await refusalOf(() => memberKey({ out: uri({}) }))).toMatchObject({ code: 'input.token-key-exists' });
  expect((await memberKey({ show: uri({}) })).data).toEqual(made.data);
});

withToken('a key that wants the PIN for each signature gets it', async () => {
  using member = await readMemberKey(uri({ object: 'each-time' }));
  for (let signed = 0; signed < 2; signed += 1) expect(signedBy(member, digest, member.sign(digest))).toBe(true);
});

withToken('of two keys with one label each can be named by its id', async () => {
  const keys = ['first', 'second'].map(async (id) => {
    using member = await readMemberKey(uri({ object: `twice;id=${id}` }));
    return member.key;
  });
  const [first, second] = await Promise.all(keys);
  expect(first).not.toBe(second);
});

withToken.each([
  ['no such token', { token: 'nobody' }, 'unavailable.token-absent', /label "nobody"/],
  ['two tokens of one label', { token: 'twin' }, 'input.keystore-token-ambiguous', /2 tokens/],
  ['no such object', { object: 'nobody' }, 'input.token-key-missing', /no private key with the label "nobody"/],
  [
    'two objects of one label',
    { object: 'twice' },
    'input.keystore-token-ambiguous',
    /several private keys.*by its id/,
  ],
  ['a private key without its public half', { object: 'alone' }, 'input.token-key-missing', /no public key/],
  ['the public half of another key', { object: 'mixed-up' }, 'policy.token-signature', /does not fit/],
  ['a key that can leave', { object: 'readable' }, 'policy.token-key-unfit', /read out/],
  ['a key that shows itself', { object: 'plain' }, 'policy.token-key-unfit', /read out/],
  ['a key that may not sign', { object: 'mute' }, 'policy.token-key-unfit', /may not sign/],
  ['an RSA key', { object: 'rsa' }, 'input.token-key-algorithm', /an RSA key/],
  ['a key of another curve', { object: 'p256' }, 'input.token-key-algorithm', /an ECDSA key/],
  ['a secp256k1 key', { object: 'bitcoin' }, 'input.token-key-algorithm', /BIP340.*in a file/],
  ['no such library', { module: '/nonexistent/hsm.so' }, 'input.keystore-module', /hsm\.so/],
  ['a library that is none of PKCS#11', { module: process.execPath }, 'input.keystore-module', /not a PKCS#11 library/],
  ['no such PIN file', { pinFile: '/nonexistent/pin' }, 'input.keystore-secret-source', /cannot be read/],
] as const)('%s is refused by name', async (_what, parts, code, words) => {
  const refusal = await reading(parts);
  expect(refusal.code).toBe(code);
  expect(refusal.message).toMatch(words);
});

withToken('the public half of another key is not even shown', async () => {
  const refusal = await refusalOf(() => memberKey({ show: uri({ object: 'mixed-up' }) }));
  expect(refusal.code).toBe('policy.token-signature');
});

withToken('a wrong PIN and a PIN that others can read are refused without saying it', async () => {
  const wrong = `${pin}0`;
  writeFileSync(at('wrong'), `${wrong}\n`, { mode: 0o400 });
  expect(await reading({ pinFile: at('wrong') })).toMatchObject({ code: 'input.keystore-pin' });
  writeFileSync(at('open'), `${pin}\n`);
  chmodSync(at('open'), 0o644);
  expect(await reading({ pinFile: at('open') })).toMatchObject({
    code: 'input.keystore-secret-source',
    message: expect.stringContaining('chmod 0400'),
  });
  const typed = `pkcs11:token=${fresh.token.tokenLabel};object=member?module-path=${fresh.config.module}&pin-value=${pin}`;
  expect(await refusalOf(() => readMemberKey(typed))).toMatchObject({
    code: 'input.token-uri',
    message: expect.stringContaining('pin-source=file:'),
  });
});

withToken('a session that is lost before the signature is named, and the next command signs', async () => {
  {
    using member = await readMemberKey(uri({ object: 'each-time' }));
    (await Workshop.open(fresh)).close();
    expect(await refusalOf(async () => member.sign(digest))).toMatchObject({ code: 'unavailable.keystore-locked' });
  }
  expect(await reading({ object: 'each-time' })).toMatchObject({ code: 'nothing' });
});
