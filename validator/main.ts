import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { asTyped, remedyIn } from '../domain/errors/remedy.ts';
import { validatorName } from '../domain/network/network.ts';
import type { BitcoinChain } from '../domain/ports/chain.ts';
import type { KeyStore, KeyUse } from '../domain/ports/keystore.ts';
import { pluginsBitcoinFailures } from '../plugins/chain/bitcoin/failures.ts';
import { pluginsDurableFileFailures } from '../plugins/failures.ts';
import { pluginsHostFailures } from '../plugins/host/failures.ts';
import { PluginHost } from '../plugins/host.ts';
import { pluginsKeystoreFailures } from '../plugins/keystore/failures.ts';
import { checkSettings, type SettingsReader } from '../plugins/settings-check.ts';
import { awake } from '../telemetry/awake.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { withItsLine } from './config/line-at-fault.ts';
import { type LoadedConfig, loadConfig, parseConfigText, resolveConfig } from './config.ts';
import type { SignerClient } from './custody/signer/client.ts';
import { startSignerThread } from './custody/signer/start.ts';
import { INIT_HELP, readInitArguments } from './init-arguments.ts';
import { initValidator, type PassphraseOrigin } from './init.ts';
import { journalCommand } from './journal-command.ts';
import { chainEnvironment, chainSettings, keystoreSettings, sectionLines, settingLines } from './plugin-settings.ts';
import { startValidator } from './process.ts';
import { agentTables } from './remedy-tables.ts';
import type { SignerWorkerData } from './signer.ts';

const STOP_MS_MAX = 5_000;
/** Opening with the default of 18 takes a second and 256 MB in every start of the process. */
const SCRYPT_WORK_FACTOR_RANDOM = 10;
const KEYSTORE_START_MS_MAX = 30_000;
/** Beside this file, which is a source or in the bundle of validator/bundle/build.ts. */
const SIGNER = new URL(import.meta.url.endsWith('.ts') ? './signer.ts' : './signer.mjs', import.meta.url);

/**
 * `validator run`: one validator until `stop` fires, then draining and everything given back. The only file of the validator that
 * chooses plug-ins for its main thread (`signer.ts` does for the signer thread). Throws FirebreakFailure when it cannot start.
 */
async function runValidator(configPath: string, stop: AbortSignal): Promise<void> {
  const loaded = loadConfig(configPath);
  const { config, warnings } = loaded;
  const logger = createLogger({ name: validatorName(config.id), level: config.logLevel });
  for (const warning of warnings) logger.warn({}, warning);
  const made = mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const validator = await startValidator({
    loaded,
    logger,
    version: versionOfThisBuild(),
    openChain: () => openChain(loaded, logger, stop),
    startSigner: (recordUse) => startSigner(loaded, recordUse, logger),
  }).catch((error: unknown) => {
    if (made !== undefined) takeAwayEmpty(config.dataDir);
    throw withItsLine(error, config, loaded.where);
  });
  await aborted(stop);
  logger.info({}, 'draining');
  await validator.stop();
  logger.info({}, 'validator is stopped');
}

/** The folder that this start made, unless something is in it by now. */
function takeAwayEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it is in use, and then it stays
  }
}

async function openChain({ config, where }: LoadedConfig, logger: Logger, stop: AbortSignal) {
  const host = new PluginHost();
  const chain = await host.use<BitcoinChain>(
    { kind: 'chain', ...chainSettings(config), where: sectionLines(where, 'bitcoin') },
    { dataDir: config.dataDir, network: config.bitcoinNetwork, logger, environment: chainEnvironment(config) },
  );
  await host.start(stop);
  return { chain, stop: async () => void (await host.stop()) };
}

function startSigner(
  { config, where }: LoadedConfig,
  recordUse: (use: KeyUse) => void,
  logger: Logger,
): Promise<SignerClient> {
  const chosen = keystoreSettings(config.keyStorage);
  const workerData: SignerWorkerData = {
    self: config.id,
    bitcoinNetwork: config.bitcoinNetwork,
    dataDir: config.dataDir,
    keystore: { ...chosen, file: config.file, lines: settingLines(sectionLines(where, 'key_storage'), chosen) },
  };
  return startSignerThread({ entry: SIGNER, workerData, recordUse, logger });
}

/** `validator init`: configuration and sealed identity into a fresh folder; the result goes to standard output. */
async function init(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return void process.stdout.write(INIT_HELP);
  const { options, json, spare } = readInitArguments(args);
  const made = await initValidator(options, openKeyStore);
  const lines = [
    `configuration  ${made.configFile}`,
    `identity       ${made.identity}`,
    `Give the identity to whoever writes the genesis${spare ? ', with "spare": true in its entry' : ''} (docs/operations/network.md).`,
  ];
  process.stdout.write(
    json ? `${JSON.stringify({ ...made, ...(spare ? { spare } : {}) })}\n` : `${lines.join('\n')}\n`,
  );
}

/** `validator journal`: what a folder must not forget, out of it and into another one. */
function journal(args: readonly string[]): void {
  const { lines, data, exitCode } = journalCommand(args);
  process.exitCode = exitCode;
  process.stdout.write(args.includes('--json') ? `${JSON.stringify(data)}\n` : `${lines.join('\n')}\n`);
}

async function openKeyStore(configFile: string, passphrase: PassphraseOrigin): Promise<KeyStore> {
  const { toml, where } = parseConfigText(readFileSync(configFile, 'utf8'), configFile);
  const config = resolveConfig(toml, configFile);
  const { use, settings } = keystoreSettings(config.keyStorage);
  const cost =
    use === 'sealed-file' && passphrase === 'random' ? { scrypt_work_factor: SCRYPT_WORK_FACTOR_RANDOM } : {};
  const host = new PluginHost();
  const keystore = await host.use<KeyStore>(
    { kind: 'keystore', use, settings: { ...settings, ...cost }, where: sectionLines(where, 'key_storage') },
    { dir: dirname(configFile), bitcoinNetwork: config.bitcoinNetwork, recordUse: () => undefined },
  );
  const say = 'identityFile' in config.keyStorage ? await makeIdentity(config.keyStorage.identityFile) : undefined;
  await host.start(AbortSignal.timeout(KEYSTORE_START_MS_MAX));
  if (say !== undefined) process.stderr.write(`${say}\n`);
  return keystore;
}

/** A file with a new age identity where there is none yet, as `initValidator` makes a passphrase; what the operator should hear of it. */
async function makeIdentity(file: string): Promise<string | undefined> {
  const { makeIdentityFile } = await import('../plugins/keystore/sealed-file/identity-file.ts');
  const recipient = await makeIdentityFile(file);
  return recipient === undefined
    ? undefined
    : `a new age identity of ${recipient} is in ${file}: keep a copy elsewhere`;
}

function versionOfThisBuild(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Signals ask to stop; a part that hangs is not waited for beyond the limit. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    stop.abort(new Error('asked to stop'));
    setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal);
  return stop.signal;
}

const usageOf =
  'usage: validator/main.ts run --config <validator.toml> | init --help | journal | check <validator.toml>…';

const READER: SettingsReader<LoadedConfig> = {
  load: loadConfig,
  plugins: ({ config, where }) => [
    { kind: 'chain', ...chainSettings(config), where: sectionLines(where, 'bitcoin') },
    { kind: 'keystore', ...keystoreSettings(config.keyStorage), where: sectionLines(where, 'key_storage') },
  ],
  tables: agentTables,
};

async function main([verb, ...args]: readonly string[]): Promise<void> {
  if (verb === 'init') return await init(args);
  if (verb === 'journal') return journal(args);
  if (verb === 'check') return void (process.exitCode = await checkSettings(args, READER));
  if (verb !== 'run') throw new FirebreakFailure('input.usage', usageOf);
  await runValidator(configOf(args), stopOnSignals());
}

function configOf(args: readonly string[]): string {
  try {
    return parseArgs({ args: [...args], options: { config: { type: 'string', default: 'validator.toml' } } }).values
      .config;
  } catch (error) {
    throw new FirebreakFailure('input.usage', `${(error as Error).message}; ${usageOf}`);
  }
}

/**
 * 0 stopped on request or done · 1 a fault of our own · 2 refused to start, with the reason and what to do on standard error. A validator that
 * is up ends by being stopped, so every other failure that arrives here is a refusal: a supervisor has no use for trying again.
 */
const exitCodeOf = (error: unknown): 1 | 2 => (error instanceof FirebreakFailure && error.family !== 'bug' ? 2 : 1);

/** Code, sentence and remedy, as every verb says them; one JSON object on standard output when that was asked for. */
function printFailure(error: unknown, json: boolean): void {
  const code = error instanceof FirebreakFailure ? error.code : 'bug.unexpected';
  const message = error instanceof Error ? error.message : String(error);
  const plugins = [pluginsKeystoreFailures, pluginsBitcoinFailures, pluginsHostFailures, pluginsDurableFileFailures];
  const tables = [...agentTables, ...plugins];
  const remedy = remedyIn(tables, code);
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
  else {
    const typed = asTyped(remedy, process.env['npm_lifecycle_event']);
    process.stderr.write(`refused ${code}\n  ${message}\n  remedy: ${typed}\n`);
  }
}

try {
  await awake(main(process.argv.slice(2)));
} catch (error) {
  printFailure(error, process.argv.includes('--json'));
  if (!(error instanceof FirebreakFailure))
    createLogger({ name: 'validator' }).error({ err: error }, 'validator failed');
  process.exitCode = exitCodeOf(error);
}
