import { normalize } from 'node:path';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { listenMultiaddr, listenPort } from './listen.ts';
import type { Problem } from './problems.ts';
import type { ValidatorToml } from './schema.ts';

/** What no single field can be blamed for. */
export function contradictionsIn(toml: ValidatorToml): Problem[] {
  return [...ofBitcoin(toml.bitcoin), ...ofThreshold(toml), ...ofKeyStorage(toml), ...ofPorts(toml)];
}

function ofBitcoin(bitcoin: ValidatorToml['bitcoin']): Problem[] {
  const problems: Problem[] = [];
  const urls = [bitcoin.rpc_url, bitcoin.rpc_urls].filter((value) => value !== undefined);
  if (urls.length !== 1) problems.push({ field: 'bitcoin.rpc_url', remedy: 'write either rpc_url or rpc_urls' });
  const passwords = [bitcoin.rpc_password, bitcoin.rpc_password_env, bitcoin.rpc_password_file].filter(
    (value) => value !== undefined,
  );
  if (passwords.length > 1) {
    problems.push({
      field: 'bitcoin.rpc_password',
      remedy: 'write only one of rpc_password, rpc_password_env and rpc_password_file',
    });
  }
  if (bitcoin.rpc_cookie_file !== undefined && (passwords.length > 0 || bitcoin.rpc_user !== undefined)) {
    problems.push({
      field: 'bitcoin.rpc_cookie_file',
      remedy: 'the cookie holds user and password; remove the others or the cookie',
    });
  }
  if (bitcoin.rpc_cookie_file === undefined && (bitcoin.rpc_user === undefined) !== (passwords.length === 0)) {
    problems.push({
      field: 'bitcoin.rpc_user',
      remedy: 'rpc_user and a password belong together; write both or neither',
    });
  }
  return problems;
}

function ofThreshold({ threshold, validator }: ValidatorToml): Problem[] {
  const problems: Problem[] = [];
  if (threshold.threshold > threshold.total_validators) {
    problems.push({
      field: 'threshold.threshold',
      remedy: `is above total_validators = ${threshold.total_validators}`,
    });
  }
  if (validator.id > threshold.total_validators) {
    problems.push({
      field: 'validator.id',
      remedy: `is above threshold.total_validators = ${threshold.total_validators}`,
    });
  }
  return problems;
}

function ofKeyStorage({ key_storage: storage, network, validator }: ValidatorToml): Problem[] {
  if (storage.type === 'hsm') return ofHsm(storage);
  return [...ofFile(storage, validator.network), ...ofUnlocking(storage, network.identity_file)];
}

function ofFile(storage: ValidatorToml['key_storage'], network: string): Problem[] {
  const problems: Problem[] = [];
  if (network === 'mainnet') {
    problems.push({
      field: 'key_storage.type',
      remedy: 'sealed files are refused on mainnet; write "hsm", or another validator.network',
    });
  }
  for (const name of [
    'hsm_module',
    'hsm_slot',
    'hsm_token_label',
    'hsm_key_label',
    'hsm_pin_env',
    'hsm_pin_file',
  ] as const) {
    if (storage[name] !== undefined)
      problems.push({ field: `key_storage.${name}`, remedy: 'belongs to type = "hsm"; remove it' });
  }
  return problems;
}

/** age encrypts to a passphrase or to recipients, never to both. */
function ofUnlocking(storage: ValidatorToml['key_storage'], hostIdentity: string): Problem[] {
  const { passphrase_env: env, passphrase_file: file, identity_file: identity, recipients = [] } = storage;
  const passphrases = [env, file].filter((value) => value !== undefined).length;
  const problems: Problem[] = [];
  if (passphrases > 1 || (passphrases === 0 && identity === undefined)) {
    problems.push({
      field: 'key_storage.passphrase_env',
      remedy: 'write exactly one of passphrase_env, passphrase_file and identity_file',
    });
  }
  if (passphrases > 0 && identity !== undefined) {
    problems.push({
      field: 'key_storage.identity_file',
      remedy: 'excludes a passphrase; remove one of the two',
    });
  }
  if (identity === undefined && recipients.length > 0) {
    problems.push({
      field: 'key_storage.recipients',
      remedy: 'belong to an identity_file; write one instead of the passphrase, or remove them',
    });
  }
  if (identity !== undefined && normalize(identity) === normalize(hostIdentity)) {
    problems.push({
      field: 'key_storage.identity_file',
      remedy: 'is the sealed host identity of [network]; name the file that age-keygen wrote',
    });
  }
  return problems;
}

function ofHsm(storage: ValidatorToml['key_storage']): Problem[] {
  const problems: Problem[] = [];
  if (storage.hsm_module === undefined) {
    problems.push({
      field: 'key_storage.hsm_module',
      remedy: 'is missing; write the path of the PKCS#11 library of the token',
    });
  }
  if ((storage.hsm_slot === undefined) === (storage.hsm_token_label === undefined)) {
    problems.push({ field: 'key_storage.hsm_slot', remedy: 'write exactly one of hsm_slot and hsm_token_label' });
  }
  const pins = [storage.hsm_pin_env, storage.hsm_pin_file].filter((value) => value !== undefined);
  if (pins.length !== 1)
    problems.push({ field: 'key_storage.hsm_pin_env', remedy: 'write exactly one of hsm_pin_env and hsm_pin_file' });
  for (const name of ['passphrase_env', 'passphrase_file', 'identity_file', 'recipients'] as const) {
    if (storage[name] !== undefined)
      problems.push({ field: `key_storage.${name}`, remedy: 'belongs to type = "file"; remove it' });
  }
  return problems;
}

function ofPorts({ monitoring, network }: ValidatorToml): Problem[] {
  const problems: Problem[] = [];
  const listen = listenMultiaddr(network.p2p_listen);
  if (listen === undefined) {
    return [
      { field: 'network.p2p_listen', remedy: 'write host:port (0.0.0.0:9001) or a multiaddr (/ip4/0.0.0.0/tcp/9001)' },
    ];
  }
  if (monitoring.metrics_port === monitoring.health_check_port) {
    problems.push({
      field: 'monitoring.health_check_port',
      remedy: `equals metrics_port = ${monitoring.metrics_port}; choose another`,
    });
  }
  for (const name of ['metrics_port', 'health_check_port'] as const) {
    if (monitoring[name] === listenPort(listen)) {
      problems.push({
        field: `monitoring.${name}`,
        remedy: `equals the port of network.p2p_listen = ${monitoring[name]}; choose another`,
      });
    }
  }
  return problems;
}

/** Where the operator's file and the pinned genesis differ, one of the two is the wrong file. */
export function differencesFrom(genesis: NetworkGenesis, toml: ValidatorToml): Problem[] {
  const problems: Problem[] = [];
  const differs = (field: string, ours: string | number, theirs: string | number): void => {
    if (ours !== theirs)
      problems.push({
        field,
        remedy: `is ${ours} here and ${theirs} in the genesis ${genesis.name}; one of the two files is the wrong one`,
      });
  };
  differs('validator.environment', toml.validator.environment, genesis.environment);
  differs('validator.network', toml.validator.network, genesis.bitcoinNetwork);
  differs('threshold.threshold', toml.threshold.threshold, genesis.threshold);
  differs('threshold.total_validators', toml.threshold.total_validators, genesis.validators.length);
  if (!genesis.validators.some((entry) => entry.id === toml.validator.id)) {
    problems.push({ field: 'validator.id', remedy: `is not in the roster of the genesis ${genesis.name}` });
  }
  return problems;
}
