import type { InitKeyStorage, InitOptions } from '../init.ts';

/** The text of a good `validator.toml`: what was decided, and the rest as the defaults that hold. */
export function validatorToml(options: InitOptions, identityFile: string): string {
  return `# Written by \`firebreak validator init\`. All fields: docs/reference/configuration.md
[validator]
id = ${options.id}
network = ${quoted(options.network)}
environment = ${quoted(options.environment)}
data_dir = "."

[bitcoin]
rpc_urls = [${options.rpcUrls.map(quoted).join(', ')}]
${lines({
  rpc_user: options.rpcUser,
  rpc_password_env: options.rpcPasswordEnv,
  rpc_password_file: options.rpcPasswordFile,
  rpc_cookie_file: options.rpcCookieFile,
})}confirmations_required = ${options.confirmationsRequired ?? 3}

[threshold]
scheme = "frost"
total_validators = ${options.totalValidators ?? 15}
threshold = ${options.threshold ?? 10}

# What payouts may take away in a day. Above it they wait.
[policy]
outflow_cap_sats = ${options.outflowCapSats ?? 1_000_000_000}

[key_storage]
${keyStorage(options.keyStorage)}
[network]
p2p_listen = ${quoted(options.p2pListen ?? '0.0.0.0:9001')}
identity_file = ${quoted(identityFile)}
genesis_file = ${quoted(options.genesisFile ?? 'network.json')}
announce_seconds = ${options.announceSeconds ?? 5}

[monitoring]
metrics_port = ${options.metricsPort ?? 9090}
health_check_port = ${options.apiPort ?? 8080}
log_level = ${quoted(options.logLevel ?? 'info')}
`;
}

function keyStorage(storage: InitKeyStorage): string {
  if (storage.type === 'file') {
    const { ageRecipients: recipients = [] } = storage;
    const further = recipients.length === 0 ? '' : `recipients = [${recipients.map(quoted).join(', ')}]\n`;
    return `type = "file"\n${lines({
      passphrase_env: storage.passphraseEnv,
      passphrase_file: storage.passphraseFile,
      identity_file: storage.ageIdentityFile,
    })}${further}`;
  }
  return `type = "hsm"\n${lines({
    hsm_module: storage.module,
    hsm_slot: storage.slot,
    hsm_token_label: storage.tokenLabel,
    hsm_key_label: storage.keyLabel,
    hsm_pin_env: storage.pinEnv,
    hsm_pin_file: storage.pinFile,
  })}`;
}

const lines = (fields: Readonly<Record<string, string | number | undefined>>): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} = ${typeof value === 'number' ? value : quoted(String(value))}\n`)
    .join('');

/** A JSON string is a TOML basic string, but for DEL. */
const quoted = (value: string): string => JSON.stringify(value).replaceAll('\u007f', '\\u007f');
