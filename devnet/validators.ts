import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ValidatorId, validatorName } from '../domain/network/network.ts';
import type { KeyStore } from '../domain/ports/keystore.ts';
import type { KeystoreComponents } from '../plugins/keystore/components.ts';
import { type InitKeyStorage, initValidator } from '../validator/init.ts';
import { type Layout, NETWORK_ENVIRONMENT, nodeOf, VALIDATOR_COUNT, validatorIds } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';
import { prepareSoftHsmToken } from './softhsm/token.ts';

/** Where shares are sealed in this network; the same for all. */
export type KeyStorageChoice =
  | { readonly type: 'hsm'; readonly module: string; readonly utility: string }
  | { readonly type: 'file' };

/** User name that the devnet's Bitcoin nodes know; the password lies beside each node. */
export const RPC_USER = 'firebreak';
/** The passphrase has 256 random bits: making it slow to guess would only make the start of 16 processes slow. */
const SCRYPT_WORK_FACTOR = 10;
const CONFIRMATIONS = 3;
/** Coins of no worth: somebody who plays, and tests that pay all day, are not to meet a cap. */
const OUTFLOW_CAP_SATS = 1_000_000_000_000;

/** Writes a `validator.toml` for each with sealed identities; gives the identities in roster order. */
export async function initValidators(
  layout: Layout,
  ports: PortPlan,
  storage: KeyStorageChoice,
): Promise<readonly string[]> {
  const identities: string[] = [];
  for (const id of validatorIds()) identities.push(await initOne(layout, ports, storage, id));
  return identities;
}

async function initOne(layout: Layout, ports: PortPlan, storage: KeyStorageChoice, id: ValidatorId): Promise<string> {
  const { dir } = layout.validator(id);
  const { chosen, open } = await keyStorageOf(layout, storage, id);
  const { identity } = await initValidator(
    {
      folder: dir,
      id,
      environment: NETWORK_ENVIRONMENT,
      network: 'regtest',
      rpcUrls: [`http://${LOOPBACK}:${ports.bitcoinRpc(nodeOf(id))}/`],
      rpcUser: RPC_USER,
      rpcPasswordFile: join('..', `bitcoin-${nodeOf(id)}`, 'rpc-password'),
      confirmationsRequired: CONFIRMATIONS,
      totalValidators: VALIDATOR_COUNT,
      outflowCapSats: OUTFLOW_CAP_SATS,
      keyStorage: chosen,
      p2pListen: `${LOOPBACK}:${ports.p2p(id)}`,
      genesisFile: join('..', 'network.json'),
      announceSeconds: 10,
      metricsPort: ports.health(id),
      apiPort: ports.api(id),
    },
    open,
  );
  return identity;
}

type Opened = { readonly chosen: InitKeyStorage; readonly open: (configFile: string) => Promise<KeyStore> };

async function keyStorageOf(layout: Layout, storage: KeyStorageChoice, id: ValidatorId): Promise<Opened> {
  const components: KeystoreComponents = {
    dir: layout.validator(id).dir,
    bitcoinNetwork: 'regtest',
    recordUse: () => undefined,
  };
  const whereOf = (file: string) => ({ file, lineOf: () => undefined });
  if (storage.type === 'file') {
    const settings = { passphrase_file: 'keystore.secret' };
    return {
      chosen: { type: 'file', passphraseFile: settings.passphrase_file },
      open: async (configFile) => {
        const { plugin } = await import('../plugins/keystore/sealed-file/index.ts');
        const config = plugin.parse({ ...settings, scrypt_work_factor: SCRYPT_WORK_FACTOR }, whereOf(configFile));
        return started(plugin.create(config)(components));
      },
    };
  }
  const token = await prepareSoftHsmToken({
    dir: softHsmDir(layout, id),
    utility: storage.utility,
    tokenLabel: validatorName(id),
  });
  return {
    chosen: { type: 'hsm', module: storage.module, tokenLabel: token.tokenLabel, pinFile: token.pinFile },
    open: async (configFile) => {
      process.env['SOFTHSM2_CONF'] = token.configFile; // read by the module when it initialises
      const { plugin } = await import('../plugins/keystore/pkcs11/index.ts');
      const config = plugin.parse(
        { module: storage.module, token_label: token.tokenLabel, pin_file: token.pinFile },
        whereOf(configFile),
      );
      return started(plugin.create(config)(components));
    },
  };
}

async function started(keystore: KeyStore): Promise<KeyStore> {
  await keystore.start?.(AbortSignal.timeout(30_000));
  return keystore;
}

/** Each validator has a token store of its own, so that taking one away harms nobody else. */
export const softHsmDir = (layout: Layout, id: ValidatorId): string => join(layout.softhsm, validatorName(id));

/** What the agent's process needs besides its configuration: the place of its token store. */
export function validatorEnvironment(
  layout: Layout,
  storage: KeyStorageChoice['type'],
  id: ValidatorId,
): Record<string, string> {
  return storage === 'hsm' ? { SOFTHSM2_CONF: join(softHsmDir(layout, id), 'softhsm2.conf') } : {};
}

/** Whether the validators of an existing network seal by HSM or by file: their own configuration says. */
export function storageInUse(layout: Layout): KeyStorageChoice['type'] {
  const [first] = validatorIds();
  const text = readFileSync(layout.validator(first as ValidatorId).config, 'utf8');
  return /^type = "hsm"$/m.test(text) ? 'hsm' : 'file';
}
