import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { prepareSoftHsmToken, type SoftHsmToken } from '../../devnet/softhsm/token.ts';
import type { Pkcs11Config } from '../../plugins/keystore/pkcs11/config.ts';
import { findTool } from '../../toolchain/tools.mjs';

export type FreshToken = { readonly config: Pkcs11Config; readonly token: SoftHsmToken };
export type SoftHsm = { readonly freshToken: () => Promise<FreshToken>; readonly dispose: () => void };

/**
 * Real SoftHSM2 tokens for the tests of this process, all in one temporary folder, since the module reads one configuration
 * per process. Undefined where SoftHSM2 is not installed.
 */
export async function softHsm(): Promise<SoftHsm | undefined> {
  const [module, utility] = await Promise.all([findTool('softhsm2'), findTool('softhsm2-util')]);
  if (module === undefined || utility === undefined) return undefined;
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-softhsm-'));
  await setForProcess('SOFTHSM2_CONF', join(dir, 'softhsm2.conf'));
  let made = 0;
  const freshToken = async (): Promise<FreshToken> => {
    made += 1;
    const tokenLabel = `token-${made}`;
    const token = await prepareSoftHsmToken({ dir, utility: utility.path, tokenLabel });
    return {
      token,
      config: {
        module: module.path,
        token: { by: 'label', label: tokenLabel },
        pin: { from: 'file', path: token.pinFile },
        keyLabel: 'firebreak-seal',
      },
    };
  };
  return { freshToken, dispose: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Jest gives tests a copy of the environment, but the module asks the operating system: only a sharing thread writes there. */
async function setForProcess(name: string, value: string): Promise<void> {
  const writer = new Worker(`process.env[${JSON.stringify(name)}] = ${JSON.stringify(value)}`, {
    eval: true,
    env: SHARE_ENV,
  });
  await once(writer, 'exit');
}
