import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { type BitcoinNetwork, type Environment, type ValidatorId, validatorId } from '../domain/network/network.ts';
import type { KeyStore, SealLabel } from '../domain/ports/keystore.ts';
import { setUpFolder } from '../plugins/new-files.ts';
import { parseNetworkGenesis } from '../wire/documents/index.ts';
import { identityFromSeed, identityHex } from '../wire/stream/host-identity.ts';
import { parseConfigText } from './config.ts';
import { validatorToml } from './config/write.ts';

/** What an operator decides; everything else has a default in the schema. Paths are relative to `folder` or absolute. */
export type InitOptions = {
  readonly folder: string;
  readonly id: number;
  readonly environment: Environment;
  readonly network: BitcoinNetwork;
  readonly rpcUrls: readonly string[];
  readonly rpcUser?: string;
  readonly rpcPasswordEnv?: string;
  readonly rpcPasswordFile?: string;
  readonly rpcCookieFile?: string;
  readonly confirmationsRequired?: number;
  readonly totalValidators?: number;
  readonly threshold?: number;
  readonly outflowCapSats?: number;
  readonly keyStorage: InitKeyStorage;
  readonly p2pListen?: string;
  readonly genesisFile?: string;
  readonly announceSeconds?: number;
  readonly metricsPort?: number;
  readonly apiPort?: number;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
};

export type InitKeyStorage =
  | {
      readonly type: 'file';
      readonly passphraseEnv?: string;
      readonly passphraseFile?: string;
      /** Instead of a passphrase; `openKeyStore` makes it where there is none. */
      readonly ageIdentityFile?: string;
      readonly ageRecipients?: readonly string[];
    }
  | {
      readonly type: 'hsm';
      readonly module: string;
      readonly slot?: number;
      readonly tokenLabel?: string;
      readonly keyLabel?: string;
      readonly pinEnv?: string;
      readonly pinFile?: string;
    };

export type Initialised = {
  readonly configFile: string;
  readonly identityFile: string;
  /** Ed25519 public key, hex: goes into the roster of the genesis. */
  readonly identity: string;
};

/** A passphrase of 256 random bits need not be made slow to guess; one that a person chose must be. */
export type PassphraseOrigin = 'random' | 'chosen';

const IDENTITY_FILE = 'identity.sealed';

/** How many validate and sign, where the network file is there already; the first validators of a network are set up without one. */
function rosterOf({ genesisFile }: InitOptions, folder: string): Pick<InitOptions, 'totalValidators' | 'threshold'> {
  const path = genesisFile === undefined ? undefined : resolve(folder, genesisFile);
  if (path === undefined || !existsSync(path)) return {};
  const { validators, threshold } = parseNetworkGenesis(readFileSync(path), path);
  return { totalValidators: validators.length, threshold };
}

/** The label under which the seed of the host identity is sealed. */
export const identityLabel = (validator: ValidatorId): SealLabel => ({ keyset: 'identity', epoch: 0, validator });

/**
 * Writes `validator.toml` and a sealed host identity into a folder that has neither. The text is parsed with the schema before
 * anything is written. `openKeyStore` gets the configuration file's path and opens the keystore that it chooses; it is stopped here.
 * A refusal leaves the folder as it was. Throws `conflict.config-exists`, `input.config-*`, `unavailable.disk-*` and the failures of
 * the keystore.
 */
export async function initValidator(
  options: InitOptions,
  openKeyStore: (configFile: string, passphrase: PassphraseOrigin) => Promise<KeyStore>,
): Promise<Initialised> {
  const folder = resolve(options.folder);
  const configFile = join(folder, 'validator.toml');
  const identityFile = join(folder, IDENTITY_FILE);
  if (existsSync(identityFile)) throw taken(identityFile);
  const text = validatorToml({ ...rosterOf(options, folder), ...options }, IDENTITY_FILE);
  parseConfigText(text, configFile);
  const config = { path: configFile, text, mode: 0o600, taken: () => taken(configFile) };
  const identity = await setUpFolder([folder], config, async () => {
    const passphrase = writePassphrase(options, folder);
    const keystore = await openKeyStore(configFile, passphrase);
    return sealNewIdentity(keystore, validatorId(options.id), identityFile);
  });
  return { configFile, identityFile, identity };
}

const taken = (file: string): FirebreakFailure =>
  new FirebreakFailure('conflict.config-exists', `${file} exists already; nothing was changed`, { file });

async function sealNewIdentity(keystore: KeyStore, validator: ValidatorId, file: string): Promise<string> {
  const seed = randomBytes(32);
  try {
    const sealed = await keystore.seal(seed, identityLabel(validator));
    writeFileSync(file, sealed, { flag: 'wx', mode: 0o600, flush: true });
    return identityHex(identityFromSeed(seed));
  } finally {
    seed.fill(0);
    await keystore.stop?.();
  }
}

/** A passphrase file that does not exist yet is made: 32 random bytes, for the owner's eyes only. */
function writePassphrase(options: InitOptions, folder: string): PassphraseOrigin {
  if (options.keyStorage.type !== 'file' || options.keyStorage.passphraseFile === undefined) return 'chosen';
  const file = resolve(folder, options.keyStorage.passphraseFile);
  if (existsSync(file)) return 'chosen';
  writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600, flush: true });
  chmodSync(file, 0o600); // whatever the umask was
  return 'random';
}
