import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { validatorId } from '../domain/network/network.ts';
import { plugin as sealedFile } from '../plugins/keystore/sealed-file/index.ts';
import { loopbackPort } from '../plugins/testkit/loopback-ports.ts';
import { identityFromSeed, identityHex } from '../wire/stream/host-identity.ts';
import { identityLabel } from './init.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
type Finished = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

let folder = '';
let ports: number[] = [];
/** Of whoever may open what validator 2 seals when its own identity is lost. */
let recovery = '';
let identities: string[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-validator-'));
  ports = await Promise.all(Array.from({ length: 9 }, loopbackPort));
  recovery = await generateX25519Identity();
  const byIdentity = [
    '--age-identity-file',
    'keystore.identity',
    '--age-recipient',
    await identityToRecipient(recovery),
  ];
  identities = [await initialise(1), await initialise(2, byIdentity), await initialise(3)];
  writeFileSync(join(folder, 'network.json'), JSON.stringify(genesisOf(identities)));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null)
      await new Promise((resolve) => child.once('exit', resolve));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const portOf = (id: number, what: 'p2p' | 'api' | 'metrics'): number =>
  ports[3 * (id - 1) + ['p2p', 'api', 'metrics'].indexOf(what)] ?? 0;
const configOf = (id: number): string => join(folder, `v${id}`, 'validator.toml');

/** The Bitcoin node of all three is a closed port: they stay in `syncing`, and everything else runs. */
const initArguments = (id: number): string[] =>
  [
    ['init', '--json', '--dir', join(folder, `v${id}`), '--id', String(id)],
    ['--total-validators', '3', '--threshold', '2', '--rpc-url', 'http://127.0.0.1:1', '--genesis', '../network.json'],
    ['--p2p-listen', `127.0.0.1:${portOf(id, 'p2p')}`, '--api-port', String(portOf(id, 'api'))],
    ['--metrics-port', String(portOf(id, 'metrics'))],
  ].flat();

async function initialise(id: number, more: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await finished(begin([...initArguments(id), ...more]));
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { identity: string }).identity;
}

const genesisOf = (identities: readonly string[]) => ({
  version: 1,
  name: 'process-test',
  environment: 'development',
  bitcoinNetwork: 'regtest',
  threshold: 2,
  validators: identities.map((identity, index) => ({
    id: index + 1,
    identity,
    addresses: [`/ip4/127.0.0.1/tcp/${portOf(index + 1, 'p2p')}`],
  })),
  coordinators: ['0c'.repeat(32)],
  committee: { epoch: 1, members: [{ name: 'ann', key: 'a1'.repeat(32) }], quorum: { freeze: 1, lift: 1 } },
});

function begin(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args]);
  children.push(child);
  return child;
}

function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data) => (stdout += data));
  child.stderr?.on('data', (data) => (stderr += data));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** Resolves when the log says so; rejects with what was printed when the process ends before. */
function logged(child: ChildProcess, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const look = (data: Buffer): void => {
      seen += data.toString();
      if (seen.includes(`"msg":"${message}"`)) resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', () => reject(new Error(`ended before "${message}": ${seen}`)));
  });
}

/** `file:line: section.field`, as a refusal names the line on which the field stands. */
function placeIn(toml: string, setting: string): string {
  const field = setting.split('.').at(-1);
  const line = readFileSync(toml, 'utf8')
    .split('\n')
    .findIndex((text) => text.startsWith(`${field} = `));
  return `${toml}:${line + 1}: ${setting}`;
}

const run = (id: number): ChildProcess => begin(['run', '--config', configOf(id)]);
const status = async (id: number) =>
  (await (await fetch(`http://127.0.0.1:${portOf(id, 'api')}/api/v1/status`)).json()) as Record<string, unknown>;

test('two validators find each other, wait for their Bitcoin node, and stop in order when told to', async () => {
  const pair = [run(1), run(2)];
  await Promise.all(pair.map((child) => logged(child, 'validator is up')));
  while ((await status(1))['peer_count'] !== 1) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await status(1)).toMatchObject({ validator_id: 'validator-001', state: 'syncing' });
  const ends = pair.map(finished);
  const beganAtMs = Date.now();
  for (const child of pair) child.kill('SIGTERM');
  for (const end of ends) {
    const { code, stdout } = await end;
    expect(code).toBe(0);
    expect(stdout).toContain('"msg":"validator is stopped"');
  }
  expect(Date.now() - beganAtMs).toBeLessThan(5_000);
});

/** The host identity of validator 2, opened with another age identity in a copy of its folder. */
async function openedWith(identity: string): Promise<string> {
  const dir = mkdtempSync(join(folder, 'copy-'));
  for (const name of ['keystore.age', 'keystore.json', 'identity.sealed'])
    cpSync(join(folder, 'v2', name), join(dir, name));
  writeFileSync(join(dir, 'id'), identity, { mode: 0o400 });
  const settings = sealedFile.parse({ identity_file: 'id' }, { file: join(dir, 'any.toml'), lineOf: () => undefined });
  const keystore = sealedFile.create(settings)({ dir, bitcoinNetwork: 'regtest', recordUse: () => undefined });
  await keystore.start?.(AbortSignal.timeout(10_000));
  const sealed = readFileSync(join(dir, 'identity.sealed'));
  return identityHex(identityFromSeed(await keystore.unseal(sealed, identityLabel(validatorId(2)), 'recovery')));
}

test('a validator with an age identity starts again, and a recovery recipient opens what it sealed while a stranger does not', async () => {
  expect(readFileSync(configOf(2), 'utf8')).toContain('identity_file = "keystore.identity"\nrecipients = ["age1');
  const again = run(2);
  await logged(again, 'validator is up');
  const end = finished(again);
  again.kill('SIGTERM');
  expect((await end).code).toBe(0);
  expect(await openedWith(recovery)).toBe(identities[1]);
  await expect(openedWith(await generateX25519Identity())).rejects.toMatchObject({ code: 'input.keystore-pin' });
});

test('an age identity that others can read ends the start with file, line and field, and changes nothing', async () => {
  const dir = join(folder, 'v2');
  const before = readdirSync(dir);
  const line = readFileSync(configOf(2), 'utf8').split('\n').indexOf('identity_file = "keystore.identity"') + 1;
  chmodSync(join(dir, 'keystore.identity'), 0o640);
  const { code, stderr } = await finished(run(2));
  chmodSync(join(dir, 'keystore.identity'), 0o600);
  expect(code).toBe(2);
  expect(stderr).toContain('refused input.keystore-identity-file');
  expect(stderr).toMatch(new RegExp(`${configOf(2)}:${line}: identity_file: .* run chmod 0400`));
  expect(readdirSync(dir)).toEqual(before);
});

test('a second agent on the same data folder is refused, and the first goes on', async () => {
  const first = run(1);
  await logged(first, 'validator is up');
  const { code, stderr } = await finished(run(1));
  expect(code).toBe(2);
  expect(stderr).toContain('conflict.journal-in-use');
  expect(await status(1)).toMatchObject({ validator_id: 'validator-001' });
});

test.each([
  ['api', 'monitoring.health_check_port'],
  ['metrics', 'monitoring.metrics_port'],
  ['p2p', 'network.p2p_listen'],
] as const)('a taken %s port ends the start with the port and the setting to change', async (what, field) => {
  const port = portOf(3, what);
  const squatter = await listen(port);
  const { code, stderr } = await finished(run(3));
  await new Promise((resolve) => squatter.close(resolve));
  expect(code).toBe(2);
  expect(stderr).toContain(String(port));
  expect(stderr).toContain(field);
});

test('a wrong passphrase ends the start with a named reason and without a stack', async () => {
  const secret = join(folder, 'v3', 'keystore.secret');
  writeFileSync(secret, 'not the passphrase\n');
  const { code, stderr } = await finished(run(3));
  expect(code).toBe(2);
  expect(stderr).toMatch(/^refused input\.keystore-pin\n {2}.+\n {2}remedy: /);
  expect(stderr).not.toContain('    at ');
});

test('a start that is refused leaves a folder without a journal as it was, and blames no thread', async () => {
  const dir = join(folder, 'never-started');
  const made = await finished(begin(initArguments(3).map((word) => (word === join(folder, 'v3') ? dir : word))));
  expect(made.code).toBe(0);
  const before = readdirSync(dir).sort();
  const start = () => finished(begin(['run', '--config', join(dir, 'validator.toml')]));
  const stranger = await start();
  expect(stranger).toMatchObject({ code: 2, stderr: expect.stringContaining('input.config-contradiction') });
  expect(readdirSync(dir).sort()).toEqual(before);
  const secret = readFileSync(join(dir, 'keystore.secret'));
  rmSync(join(dir, 'keystore.secret'));
  const shut = await start();
  expect(shut).toMatchObject({ code: 2, stderr: expect.stringContaining('keystore.secret') });
  expect(shut.stderr).toContain(`  ${placeIn(join(dir, 'validator.toml'), 'key_storage.passphrase_file')}: `);
  expect(shut.stdout).not.toContain('ended by itself');
  expect(readdirSync(dir).sort()).toEqual(before.filter((name) => name !== 'keystore.secret'));
  writeFileSync(join(dir, 'keystore.secret'), secret, { mode: 0o400 });
});

test('a first start that a taken port or the chain plug-in refuses makes no journal, and the next one is a first start', async () => {
  const dir = join(folder, 'refused-late');
  const moved: Readonly<Record<string, string>> = { [join(folder, 'v3')]: dir, '../network.json': '../late.json' };
  const made = await finished(begin(initArguments(3).map((word) => moved[word] ?? word)));
  expect(made.code).toBe(0);
  const { identity } = JSON.parse(made.stdout) as { identity: string };
  const roster = genesisOf(['01'.repeat(32), '02'.repeat(32), identity]);
  writeFileSync(join(folder, 'late.json'), JSON.stringify(roster));
  const start = () => finished(begin(['run', '--config', join(dir, 'validator.toml')]));
  const journals = () => readdirSync(dir).filter((name) => name.startsWith('journal'));
  const settings = {
    api: 'monitoring.health_check_port',
    metrics: 'monitoring.metrics_port',
    p2p: 'network.p2p_listen',
  };
  for (const what of ['api', 'metrics', 'p2p'] as const) {
    const squatter = await listen(portOf(3, what));
    const { code, stderr } = await start();
    expect(code).toBe(2);
    expect(stderr).toContain(`  ${placeIn(join(dir, 'validator.toml'), settings[what])}: `);
    expect(stderr).toContain(String(portOf(3, what)));
    await new Promise((resolve) => squatter.close(resolve));
    expect(journals()).toEqual([]);
  }
  mkdirSync(join(dir, 'chain.sqlite'));
  expect(await start()).toMatchObject({ code: 2, stderr: expect.stringContaining('unavailable.index') });
  expect(journals()).toEqual([]);
});

test('a damaged journal ends the start with its name and the page that says what to do, and is left as it is', async () => {
  const dir = join(folder, 'damaged');
  const made = await finished(begin(initArguments(3).map((word) => (word === join(folder, 'v3') ? dir : word))));
  expect(made.code).toBe(0);
  const journal = join(dir, 'journal.sqlite');
  writeFileSync(journal, 'not a journal');
  const { code, stderr } = await finished(begin(['run', '--config', join(dir, 'validator.toml')]));
  expect(code).toBe(2);
  expect(stderr).toContain('refused policy.journal-damaged');
  expect(stderr).toContain(dir);
  expect(stderr).toContain('docs/operations/backup-and-upgrade.md');
  expect(readFileSync(journal, 'utf8')).toBe('not a journal');
});

test('a sealed identity that does not open is named by its file', async () => {
  const dir = join(folder, 'bent');
  const made = await finished(begin(initArguments(3).map((word) => (word === join(folder, 'v3') ? dir : word))));
  expect(made.code).toBe(0);
  const sealed = join(dir, 'identity.sealed');
  const bytes = readFileSync(sealed);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(sealed, bytes);
  const { code, stderr } = await finished(begin(['run', '--config', join(dir, 'validator.toml')]));
  expect(code).toBe(2);
  expect(stderr).toContain('refused policy.sealed-damaged');
  expect(stderr).toContain(sealed);
});

test('an identity that is not the pinned one is refused', async () => {
  const other = join(folder, 'other.json');
  writeFileSync(other, JSON.stringify(genesisOf(['01', '02', '03'].map((pair) => pair.repeat(32)))));
  const changed = join(folder, 'v2', 'changed.toml');
  const text = readFileSync(configOf(2), 'utf8').replace('../network.json', '../other.json');
  writeFileSync(changed, text);
  const { code, stderr } = await finished(begin(['run', '--config', changed]));
  expect(code).toBe(2);
  expect(stderr).toContain('input.config-contradiction');
  expect(stderr).toContain('validator-002');
});

test.each([
  ['no verb', [], 'input.usage'],
  ['an unknown option', ['run', '--confg', 'x'], '--confg'],
  ['init without an id', ['init'], '--id is missing'],
  ['init with an unknown network', ['init', '--id', '1', '--network', 'signet'], '--network must be one of'],
])('%s ends with exit code 2 and a sentence', async (_what, args, sentence) => {
  const { code, stderr } = await finished(begin(args));
  expect(code).toBe(2);
  expect(stderr).toContain(sentence);
});

test('init into a folder that has a validator replaces nothing and says so', async () => {
  const { code, stdout } = await finished(begin(initArguments(1))); // with --json
  expect(code).toBe(2);
  expect(stdout).toContain('conflict.config-exists');
});

async function listen(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

test.each([
  ['no position in the roster', ['init', '--dir', 'never-made'], 'input.usage', 'validator init --help'],
  ['an unknown option of init', ['init', '--id', '1', '--colour', 'red'], 'input.usage', 'validator init --help'],
  ['an unknown option of run', ['run', '--colour', 'red'], 'input.usage', 'takes --config alone'],
  [
    'a configuration that is not there',
    ['run', '--config', '/nonexistent.toml'],
    'input.config-file',
    'validator init',
  ],
])('%s is refused with a code and with what to do about it', async (_name, args, code, remedy) => {
  const said = await finished(begin(args));
  expect(said.code).toBe(2);
  expect(said.stderr).toMatch(new RegExp(`^refused ${code}\\n {2}.+\\n {2}remedy: .*${remedy}`));
  const { stdout } = await finished(begin([...args.slice(0, 1), '--json', ...args.slice(1)]));
  expect((JSON.parse(stdout) as { error: unknown }).error).toMatchObject({ remedy: expect.stringMatching(/\S/) });
});
