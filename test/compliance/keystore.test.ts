import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { KeyStore, KeyUse } from '../../domain/ports/keystore.ts';
import type { KeystoreComponents } from '../../plugins/keystore/components.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { pkcs11 } from '../../plugins/keystore/pkcs11/index.ts';
import { makeIdentityFile } from '../../plugins/keystore/sealed-file/identity-file.ts';
import { sealedFile } from '../../plugins/keystore/sealed-file/index.ts';
import { keystoreCompliance, type KeystoreUnderTest } from '../../plugins/testkit/keystore.ts';
import { softHsm } from './soft-hsm.ts';

async function begin(dir: string, create: (components: KeystoreComponents) => KeyStore): Promise<KeystoreUnderTest> {
  const uses: KeyUse[] = [];
  let recording = true;
  const recordUse = (use: KeyUse): void => {
    if (!recording) throw new Error('journal is full');
    uses.push(use);
  };
  const reopen = async () => create({ dir, bitcoinNetwork: 'regtest', recordUse });
  const keystore = await reopen();
  await keystore.start?.(new AbortController().signal);
  return {
    keystore,
    uses,
    reopen,
    breakRecording: () => {
      recording = false;
    },
    dispose: () => rm(dir, { recursive: true }),
  };
}

const folder = () => mkdtemp(join(tmpdir(), 'firebreak-keystore-'));

keystoreCompliance('keystore/memory', { test, expect }, async () => {
  const { reopen: _nothingSurvives, ...under } = await begin(await folder(), memory({}));
  return under;
});

keystoreCompliance('keystore/sealed-file', { test, expect }, async () => {
  const dir = await folder();
  const path = join(dir, 'passphrase');
  await writeFile(path, 'correct horse battery staple\n', { mode: 0o400 });
  return begin(dir, sealedFile({ unlock: { by: 'passphrase', source: { from: 'file', path }, workFactor: 10 } }));
});

keystoreCompliance('keystore/sealed-file by identity', { test, expect }, async () => {
  const dir = await folder();
  const path = join(dir, 'identity');
  await makeIdentityFile(path);
  const where = { file: join(dir, 'validator.toml'), lineOf: () => undefined };
  return begin(dir, sealedFile({ unlock: { by: 'identity', path, recipients: [], where } }));
});

const hsm = await softHsm();
if (hsm === undefined) test.skip('keystore/pkcs11: SoftHSM2 is not here', () => undefined);
else {
  afterAll(hsm.dispose);
  keystoreCompliance('keystore/pkcs11', { test, expect }, async () => {
    const { config } = await hsm.freshToken();
    return begin(await folder(), pkcs11(config));
  });
}
