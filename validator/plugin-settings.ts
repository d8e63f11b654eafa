import type { ConfigLocation } from '../domain/plugin/manifest.ts';
import type { KeyStorageConfig, SecretSource, ValidatorConfig } from './config.ts';

/** Which plug-in of a kind, and its section: what the host wants to know. */
export type Settings = { readonly use: string; readonly settings: Readonly<Record<string, unknown>> };

/** An inline password reaches the chain plug-in under this name of an environment that only it sees. */
export const INLINE_PASSWORD = 'FIREBREAK_INLINE_RPC_PASSWORD';

export function chainSettings({ bitcoin }: ValidatorConfig): Settings {
  return {
    use: 'bitcoin',
    settings: present({
      rpc_urls: bitcoin.urls,
      rpc_user: bitcoin.user,
      ...secret('rpc_password', bitcoin.password),
      rpc_cookie_file: bitcoin.cookieFile,
      reorg_depth_max: bitcoin.maxReorgDepth,
      start_height: bitcoin.startHeight,
      poll_interval_ms: bitcoin.pollIntervalMs,
      rpc_timeout_ms: bitcoin.rpcTimeoutMs,
    }),
  };
}

/** What the chain plug-in may look up: the process's environment, and an inline password under its own name. */
export function chainEnvironment({ bitcoin }: ValidatorConfig): (name: string) => string | undefined {
  const { password } = bitcoin;
  const inline = password?.kind === 'inline' ? password.value : undefined;
  return (name) => (name === INLINE_PASSWORD ? inline : process.env[name]);
}

export function keystoreSettings(storage: KeyStorageConfig): Settings {
  if (storage.type === 'file') {
    const settings =
      'identityFile' in storage
        ? { identity_file: storage.identityFile, recipients: storage.recipients }
        : secret('passphrase', storage.passphrase);
    return { use: 'sealed-file', settings };
  }
  return {
    use: 'pkcs11',
    settings: present({
      module: storage.module,
      slot: storage.slot,
      token_label: storage.tokenLabel,
      key_label: storage.keyLabel,
      ...secret('pin', storage.pin),
    }),
  };
}

/** Lines of a section of `validator.toml` under the plug-in's own field names. */
export const sectionLines = (where: ConfigLocation, section: string): ConfigLocation => ({
  file: where.file,
  lineOf: (path) => where.lineOf([section, ...path]),
});

/** The same for another thread, to which no function can be given: the line of each setting. */
export const settingLines = (where: ConfigLocation, { settings }: Settings): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.keys(settings).flatMap((name) => {
      const line = where.lineOf([name]);
      return line === undefined ? [] : [[name, line]];
    }),
  );

function secret(name: string, source: SecretSource | undefined): Record<string, string> {
  if (source === undefined) return {};
  if (source.kind === 'file') return { [`${name}_file`]: source.path };
  return { [`${name}_env`]: source.kind === 'env' ? source.name : INLINE_PASSWORD };
}

const present = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
