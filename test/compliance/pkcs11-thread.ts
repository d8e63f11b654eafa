import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { SealLabel } from '../../domain/ports/keystore.ts';
import type { Pkcs11Config } from '../../plugins/keystore/pkcs11/config.ts';
import { pkcs11 } from '../../plugins/keystore/pkcs11/index.ts';
import { codeOf } from '../../plugins/testkit/tools.ts';

/** The thread of pkcs11.test.ts: a whole life of the keystore away from the main thread. */
const { dir, config, label, secret }: { dir: string; config: Pkcs11Config; label: SealLabel; secret: Uint8Array } =
  workerData;
const uses: string[] = [];
const keystore = pkcs11(config)({
  dir,
  bitcoinNetwork: 'regtest',
  recordUse: ({ outcome }) => void uses.push(outcome),
});
await keystore.start?.(new AbortController().signal);
const sealed = await keystore.seal(secret, label);
const opened = [...(await keystore.unseal(sealed, label, 'thread'))];
const moved = await codeOf(() => keystore.unseal(sealed, { ...label, epoch: label.epoch + 1 }, 'thread'));
await keystore.stop?.();
parentPort?.postMessage({ opened, moved, uses, mainThread: isMainThread });
