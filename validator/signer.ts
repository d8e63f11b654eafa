import { workerData } from 'node:worker_threads';
import type { BitcoinNetwork, ValidatorId } from '../domain/network/network.ts';
import type { KeyStore } from '../domain/ports/keystore.ts';
import { PluginHost } from '../plugins/host.ts';
import { runSigner } from './custody/signer/thread.ts';

/** What `validator/main.ts` hands to the thread: which keystore, and where it finds its secret. Never the secret itself. */
export type SignerWorkerData = {
  readonly self: ValidatorId;
  readonly bitcoinNetwork: BitcoinNetwork;
  readonly dataDir: string;
  readonly keystore: {
    /** Name of a keystore plug-in: `sealed-file`, `pkcs11`, or a package. */
    readonly use: string;
    readonly settings: unknown;
    /** The configuration file that the settings come from; relative paths in them are relative to it. */
    readonly file: string;
    /** On which line of it each setting stands. */
    readonly lines?: Readonly<Record<string, number>>;
  };
};

const START_MS_MAX = 30_000;
const { self, bitcoinNetwork, dataDir, keystore: choice } = workerData as SignerWorkerData;

await runSigner({
  self,
  async openKeystore(recordUse, warn) {
    const host = new PluginHost();
    const keystore = await host.use<KeyStore>(
      {
        kind: 'keystore',
        use: choice.use,
        settings: choice.settings,
        where: { file: choice.file, lineOf: ([setting]) => choice.lines?.[String(setting)] },
      },
      { dir: dataDir, bitcoinNetwork, recordUse, warn },
    );
    await host.start(AbortSignal.timeout(START_MS_MAX));
    return { keystore, close: async () => void (await host.stop()) };
  },
});
