import { dirname, resolve } from 'node:path';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import {
  type BitcoinNetwork,
  type Environment,
  type NetworkGenesis,
  type ValidatorId,
  validatorId,
} from '../domain/network/network.ts';
import type { ConfigLocation } from '../domain/plugin/manifest.ts';
import { parseToml, readText } from '../plugins/settings-file.ts';
import { parseNetworkGenesis } from '../wire/documents/index.ts';
import { contradictionsIn, differencesFrom } from './config/contradictions.ts';
import { linesOf } from '../domain/plugin/toml-lines.ts';
import { listenMultiaddr } from './config/listen.ts';
import { configFailure, problemsOf } from './config/problems.ts';
import { type ValidatorToml, validatorTomlSchema } from './config/schema.ts';
import type { SigningPolicy } from './custody/dependencies.ts';

export { validatorTomlSchema } from './config/schema.ts';

/** Where a secret comes from; the configuration never is the secret, except for the warned-about `rpc_password`. */
export type SecretSource =
  | { readonly kind: 'env'; readonly name: string; readonly field: string }
  | { readonly kind: 'file'; readonly path: string; readonly field: string }
  | { readonly kind: 'inline'; readonly value: string; readonly field: string };

export type KeyStorageConfig =
  | {
      readonly type: 'hsm';
      readonly module: string;
      readonly slot: number | undefined;
      readonly tokenLabel: string | undefined;
      readonly keyLabel: string | undefined;
      readonly pin: SecretSource;
    }
  | { readonly type: 'file'; readonly passphrase: SecretSource }
  | { readonly type: 'file'; readonly identityFile: string; readonly recipients: readonly string[] };

/** `validator.toml`, checked; every path absolute. */
export type ValidatorConfig = {
  readonly file: string;
  readonly id: ValidatorId;
  readonly environment: Environment;
  readonly bitcoinNetwork: BitcoinNetwork;
  readonly dataDir: string;
  readonly bitcoin: {
    readonly urls: readonly string[];
    readonly user: string | undefined;
    readonly password: SecretSource | undefined;
    readonly cookieFile: string | undefined;
    readonly maxReorgDepth: number | undefined;
    readonly startHeight: number | undefined;
    readonly pollIntervalMs: number | undefined;
    readonly rpcTimeoutMs: number | undefined;
  };
  readonly policy: SigningPolicy;
  readonly threshold: number;
  readonly totalValidators: number;
  readonly keyStorage: KeyStorageConfig;
  readonly p2p: {
    readonly listen: string;
    readonly identityFile: string;
    readonly genesisFile: string;
    /** Multiaddrs ending in `/p2p/<peer>`. */
    readonly extraAddresses: readonly string[];
    readonly announceMs: number;
  };
  readonly http: { readonly host: string; readonly apiPort: number; readonly metricsPort: number };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
};

export type LoadedConfig = {
  readonly config: ValidatorConfig;
  readonly genesis: NetworkGenesis;
  readonly where: ConfigLocation;
  /** For the operator's log: what works but should not stay so. */
  readonly warnings: readonly string[];
};

const CONFIG_BYTES_MAX = 65_536;

/** Reads and judges `validator.toml` and the genesis that it names; opens and changes nothing. Throws the codes of `validatorConfigFailures`. */
export function loadConfig(path: string): LoadedConfig {
  const file = resolve(path);
  const text = readText(file, 'configuration', CONFIG_BYTES_MAX, 'input.config-file');
  const { toml, where } = parseConfigText(text, file);
  const config = resolveConfig(toml, file);
  const { genesisFile } = config.p2p;
  const genesis = parseNetworkGenesis(readGenesis(genesisFile, where), genesisFile);
  const differences = differencesFrom(genesis, toml);
  if (differences.length > 0) throw configFailure('input.config-contradiction', differences, where);
  return { config, genesis, where, warnings: warningsOf(toml, where) };
}

/** The text alone, without the genesis: what `validator init` proves its own output with. */
export function parseConfigText(
  text: string,
  file: string,
): { readonly toml: ValidatorToml; readonly where: ConfigLocation } {
  const where: ConfigLocation = { file, lineOf: linesOf(text) };
  const parsed = validatorTomlSchema.safeParse(parseToml(text, file, 'input.config-syntax'), { reportInput: true });
  if (!parsed.success) throw configFailure('input.config-field', problemsOf(parsed.error), where);
  const contradictions = contradictionsIn(parsed.data);
  if (contradictions.length > 0) throw configFailure('input.config-contradiction', contradictions, where);
  return { toml: parsed.data, where };
}

/** Defaults applied, paths absolute. */
export function resolveConfig(toml: ValidatorToml, file: string): ValidatorConfig {
  const at = (path: string): string => resolve(dirname(file), path);
  const { validator, bitcoin, policy, threshold, network, monitoring } = toml;
  return {
    file,
    id: validatorId(validator.id),
    environment: validator.environment,
    bitcoinNetwork: validator.network,
    dataDir: at(validator.data_dir),
    bitcoin: {
      urls: bitcoin.rpc_urls ?? [bitcoin.rpc_url ?? ''],
      user: bitcoin.rpc_user,
      password: secretIn(
        'bitcoin.rpc_password',
        at,
        bitcoin.rpc_password_env,
        bitcoin.rpc_password_file,
        bitcoin.rpc_password,
      ),
      cookieFile: bitcoin.rpc_cookie_file === undefined ? undefined : at(bitcoin.rpc_cookie_file),
      maxReorgDepth: bitcoin.max_reorg_depth,
      startHeight: bitcoin.start_height,
      pollIntervalMs: bitcoin.poll_interval_ms,
      rpcTimeoutMs: bitcoin.rpc_timeout_ms,
    },
    policy: {
      confirmationsRequired: bitcoin.confirmations_required,
      policyVersion: policy.version,
      minFeeRateSatsPerKvb: policy.min_fee_rate_sats_per_kvb,
      feeCapSats: policy.fee_cap_sats as SigningPolicy['feeCapSats'],
      outflowCap: { sats: policy.outflow_cap_sats, windowSeconds: policy.outflow_window_seconds },
      anchorDepthMax: policy.anchor_depth_max,
    },
    threshold: threshold.threshold,
    totalValidators: threshold.total_validators,
    keyStorage: keyStorageIn(toml.key_storage, at),
    p2p: {
      listen: listenMultiaddr(network.p2p_listen) ?? '',
      identityFile: at(network.identity_file),
      genesisFile: at(network.genesis_file),
      extraAddresses: [...network.bootstrap_peers, ...network.backup_addresses],
      announceMs: network.announce_seconds * 1000,
    },
    http: { host: monitoring.listen_host, apiPort: monitoring.health_check_port, metricsPort: monitoring.metrics_port },
    logLevel: monitoring.log_level,
  };
}

function keyStorageIn(storage: ValidatorToml['key_storage'], at: (path: string) => string): KeyStorageConfig {
  if (storage.type === 'file') {
    const passphrase = secretIn('key_storage.passphrase', at, storage.passphrase_env, storage.passphrase_file);
    if (passphrase !== undefined) return { type: 'file', passphrase };
    const { identity_file: identity, recipients = [] } = storage;
    if (identity !== undefined) return { type: 'file', identityFile: at(identity), recipients };
  }
  const pin = secretIn('key_storage.hsm_pin', at, storage.hsm_pin_env, storage.hsm_pin_file);
  if (pin === undefined)
    throw new FirebreakFailure('bug.config-unchecked', 'a key storage without a secret passed the check');
  return {
    type: 'hsm',
    module: at(storage.hsm_module ?? ''),
    slot: storage.hsm_slot,
    tokenLabel: storage.hsm_token_label,
    keyLabel: storage.hsm_key_label,
    pin,
  };
}

function secretIn(
  field: string,
  at: (path: string) => string,
  env: string | undefined,
  path: string | undefined,
  inline?: string,
): SecretSource | undefined {
  if (env !== undefined) return { kind: 'env', name: env, field: `${field}_env` };
  if (path !== undefined) return { kind: 'file', path: at(path), field: `${field}_file` };
  return inline === undefined ? undefined : { kind: 'inline', value: inline, field };
}

function warningsOf(toml: ValidatorToml, where: ConfigLocation): string[] {
  const line = (field: string): string => `${where.file}:${where.lineOf(field.split('.')) ?? 1}`;
  const warnings: string[] = [];
  if (toml.bitcoin.rpc_password !== undefined) {
    warnings.push(
      `${line('bitcoin.rpc_password')}: bitcoin.rpc_password is a secret in this file; use rpc_password_env, rpc_password_file or rpc_cookie_file`,
    );
  }
  if (!['127.0.0.1', '::1', 'localhost'].includes(toml.monitoring.listen_host)) {
    warnings.push(
      `${line('monitoring.listen_host')}: monitoring.listen_host lets others than this machine read status and metrics`,
    );
  }
  if (toml.stacks !== undefined) warnings.push(`${line('stacks')}: [stacks] is not used yet`);
  if (toml.coordinator !== undefined)
    warnings.push(`${line('coordinator')}: [coordinator] is not used; coordinators are listed in the genesis`);
  return warnings;
}

/** A genesis that cannot be read is the fault of the line that names it. */
function readGenesis(file: string, where: ConfigLocation): string {
  try {
    return readText(file, 'network genesis', CONFIG_BYTES_MAX, 'input.config-file');
  } catch (error) {
    const remedy = error instanceof Error ? error.message : String(error);
    throw configFailure('input.config-file', [{ field: 'network.genesis_file', remedy }], where);
  }
}
