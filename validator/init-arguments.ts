import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { BITCOIN_NETWORKS, ENVIRONMENTS } from '../domain/network/network.ts';
import type { InitKeyStorage, InitOptions } from './init.ts';

const text = { type: 'string' } as const;

const OPTIONS = {
  dir: text,
  /** As the other verbs call the folder that a command is about. */
  data: text,
  id: text,
  environment: text,
  network: text,
  'rpc-url': { type: 'string', multiple: true },
  'rpc-user': text,
  'rpc-password-env': text,
  'rpc-password-file': text,
  'rpc-cookie-file': text,
  confirmations: text,
  'total-validators': text,
  threshold: text,
  'key-storage': text,
  'passphrase-env': text,
  'passphrase-file': text,
  'age-identity-file': text,
  'age-recipient': { type: 'string', multiple: true },
  'hsm-module': text,
  'hsm-slot': text,
  'hsm-token-label': text,
  'hsm-key-label': text,
  'hsm-pin-env': text,
  'hsm-pin-file': text,
  'p2p-listen': text,
  genesis: text,
  'metrics-port': text,
  'api-port': text,
  'log-level': text,
  spare: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

export const INIT_HELP = `usage: firebreak validator init --id <1-100> [options]

  --dir, --data <folder>     where validator.toml and the identity go (default: this folder)
  --environment <name>       ${ENVIRONMENTS.join(', ')} (default: development)
  --network <name>           ${BITCOIN_NETWORKS.join(', ')} (default: regtest)
  --rpc-url <url>            the Bitcoin node; repeat for several (default: http://127.0.0.1:18443)
  --rpc-user <name>          with --rpc-password-env <variable> or --rpc-password-file <file>
  --rpc-cookie-file <file>   instead of user and password
  --key-storage <file|hsm>   (default: file, which mainnet refuses)
  --passphrase-env <variable>, --passphrase-file <file>       file: made with a random passphrase when absent
  --age-identity-file <file>   file: instead of a passphrase; made with a new age identity when absent
  --age-recipient <age1…>    who can open what is sealed as well, for recovery; repeat for several
  --hsm-module <library>, --hsm-slot <n> or --hsm-token-label <label>, --hsm-pin-env <variable> or --hsm-pin-file <file>
  --p2p-listen <host:port>, --genesis <file>, --api-port <n>, --metrics-port <n>, --log-level <level>
  --total-validators <n>, --threshold <n>, --confirmations <n>
  --spare                    its roster entry says that it takes part in no key until the committee votes for it
  --json                     print the result as JSON
`;

/** Command line to options; the schema judges the values afterwards. Throws `input.usage`. */
export function readInitArguments(args: readonly string[]): {
  readonly options: InitOptions;
  readonly json: boolean;
  readonly spare: boolean;
} {
  const values = parse(args);
  if (values.id === undefined) throw usage('--id is missing: the position of this validator in the roster');
  return {
    json: values.json === true,
    spare: values.spare === true,
    options: {
      folder: folderOf(values),
      id: whole('id', values.id),
      environment: oneOf('environment', values.environment ?? 'development', ENVIRONMENTS),
      network: oneOf('network', values.network ?? 'regtest', BITCOIN_NETWORKS),
      rpcUrls: values['rpc-url'] ?? ['http://127.0.0.1:18443'],
      keyStorage: keyStorage(values),
      ...given('rpcUser', values['rpc-user']),
      ...given('rpcPasswordEnv', values['rpc-password-env']),
      ...given('rpcPasswordFile', values['rpc-password-file']),
      ...given('rpcCookieFile', values['rpc-cookie-file']),
      ...givenWhole('confirmationsRequired', 'confirmations', values.confirmations),
      ...givenWhole('totalValidators', 'total-validators', values['total-validators']),
      ...givenWhole('threshold', 'threshold', values.threshold),
      ...given('p2pListen', values['p2p-listen']),
      ...given('genesisFile', values.genesis),
      ...givenWhole('metricsPort', 'metrics-port', values['metrics-port']),
      ...givenWhole('apiPort', 'api-port', values['api-port']),
      logLevel: oneOf('log-level', values['log-level'] ?? 'info', ['debug', 'info', 'warn', 'error'] as const),
    },
  };
}

type Values = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function folderOf({ dir, data }: Values): string {
  if (dir !== undefined && data !== undefined && dir !== data) throw usage('--dir and --data name two folders');
  return dir ?? data ?? '.';
}

function keyStorage(values: Values): InitKeyStorage {
  const type = oneOf('key-storage', values['key-storage'] ?? 'file', ['file', 'hsm'] as const);
  if (type === 'file') {
    const recipients = values['age-recipient'];
    const named = {
      ...given('passphraseEnv', values['passphrase-env']),
      ...given('passphraseFile', values['passphrase-file']),
      ...given('ageIdentityFile', values['age-identity-file']),
    };
    return {
      type,
      ...(Object.keys(named).length === 0 ? { passphraseFile: 'keystore.secret' } : named),
      ...(recipients === undefined ? {} : { ageRecipients: recipients }),
    };
  }
  return {
    type,
    module: values['hsm-module'] ?? '',
    ...givenWhole('slot', 'hsm-slot', values['hsm-slot']),
    ...given('tokenLabel', values['hsm-token-label']),
    ...given('keyLabel', values['hsm-key-label']),
    ...given('pinEnv', values['hsm-pin-env']),
    ...given('pinFile', values['hsm-pin-file']),
  };
}

function oneOf<T extends string>(flag: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw usage(`--${flag} must be one of ${choices.join(', ')}`);
  return found;
}

function whole(flag: string, value: string): number {
  if (!/^\d{1,10}$/.test(value)) throw usage(`--${flag} must be a whole number`);
  return Number(value);
}

const given = <Name extends string>(name: Name, value: string | undefined): { [Key in Name]?: string } =>
  value === undefined ? {} : ({ [name]: value } as { [Key in Name]: string });

const givenWhole = <Name extends string>(
  name: Name,
  flag: string,
  value: string | undefined,
): { [Key in Name]?: number } =>
  value === undefined ? {} : ({ [name]: whole(flag, value) } as { [Key in Name]: number });

const usage = (message: string): FirebreakFailure => new FirebreakFailure('input.usage', message);
