import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { initApi } from '../../api/init.ts';
import { genesis } from '../../domain/approval/testkit/voting.ts';
import { initWatchdog } from '../../watchdog/init.ts';
import { validatorToml } from '../../validator/config/write.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import { writeCoordinatorConfig } from '../../workers/config/write.ts';
import { checkConfiguration } from './configuration.ts';
import { doctor } from './doctor.ts';

/** Only the test of the limit judges how fast this machine is. */
const SLOW_MS = 150_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

const validatorOf = (id: number): string =>
  validatorToml(
    {
      folder,
      id,
      environment: genesis.environment,
      network: genesis.bitcoinNetwork,
      rpcUrls: ['http://127.0.0.1:1'],
      rpcCookieFile: 'cookie',
      totalValidators: genesis.validators.length,
      threshold: genesis.threshold,
      keyStorage: { type: 'file', passphraseFile: 'keystore.secret' },
      genesisFile: '../network.json',
    },
    'identity.sealed',
  );

/** Two validators, a worker, an api and a watchdog, in the folders of a devnet and as their own `init` writes them. */
async function writeNetwork(): Promise<void> {
  put('network.json', encodeDocument(genesis));
  for (const id of [1, 2]) put(`validator-00${id}/validator.toml`, validatorOf(id));
  put(
    'coordinator/coordinator.toml',
    writeCoordinatorConfig({
      genesisFile: '../network.json',
      identityFile: 'identity.key',
      temporal: { address: '127.0.0.1:1' },
      bitcoin: { rpcUrls: ['http://127.0.0.1:1'] },
      blobsFolder: 'blobs',
      termsFolder: 'terms',
    }),
  );
  await initApi({ dir: join(folder, 'api'), network: 'laptop', temporal: '127.0.0.1:1' });
  await initWatchdog({
    dir: join(folder, 'watchdog'),
    network: 'laptop',
    environment: 'development',
    temporal: '127.0.0.1:1',
    api: 'http://127.0.0.1:1',
    webhook: 'http://127.0.0.1:1/page',
  });
}

/** Its section gets a setting that there is none of; the place as the finding must name it. */
function spoil(name: string, section: string): string {
  const text = readFileSync(join(folder, name), 'utf8').replace(`[${section}]\n`, `[${section}]\ncolour = "red"\n`);
  put(name, text);
  return `${join(folder, name)}:${text.split('\n').indexOf('colour = "red"') + 1}: ${section}.colour: `;
}

test('all configuration files that a network can read are one line', async () => {
  await writeNetwork();
  expect(await checkConfiguration(folder, SLOW_MS)).toEqual([
    {
      name: 'configuration',
      state: 'ok',
      detail: '2 validator.toml, 1 coordinator.toml, 1 api.toml, 1 watchdog.toml read',
      remedy: '',
    },
  ]);
});

test('each broken file is a problem with its file, line and field, and what to do; its neighbours are none', async () => {
  await writeNetwork();
  const broken = {
    'validator-002/validator.toml': 'threshold',
    'coordinator/coordinator.toml': 'temporal',
    'api/api.toml': 'playbooks',
    'watchdog/watchdog.toml': 'temporal',
  };
  const places = Object.entries(broken).map(([name, section]) => ({ name, place: spoil(name, section) }));
  expect(await checkConfiguration(folder, SLOW_MS)).toEqual(
    places.map(({ name, place }) => ({
      name,
      state: 'problem',
      detail: expect.stringContaining(place),
      remedy: expect.stringMatching(/line/),
    })),
  );
});

test('a genesis that nobody can read is said for five validators, and the rest are counted', async () => {
  for (let id = 1; id <= 7; id += 1) put(`validator-00${id}/validator.toml`, validatorOf(id));
  const findings = await checkConfiguration(folder, SLOW_MS);
  expect(findings.map(({ name }) => name)).toEqual([
    ...[1, 2, 3, 4, 5].map((id) => `validator-00${id}/validator.toml`),
    'configuration',
  ]);
  expect(findings.at(-1)).toMatchObject({ state: 'problem', detail: '2 more validator.toml cannot be read' });
  expect(findings[0]?.detail).toMatch(/validator\.toml:\d+: network\.genesis_file: cannot read/);
});

test('a process that does not answer in time is a warning, and nothing is called broken', async () => {
  put('watchdog.toml', 'network = ');
  expect(await checkConfiguration(folder, 1)).toEqual([
    {
      name: 'configuration',
      state: 'warning',
      detail: '1 watchdog.toml could not be read within 0.001 s',
      remedy: 'try again when the machine has less to do',
    },
  ]);
});

test('doctor speaks of configuration files also where the network itself cannot be read', async () => {
  put('watchdog/watchdog.toml', 'network = ');
  const { lines, exitCode } = await doctor({ data: folder, portBase: '27000' });
  expect(lines.join('\n')).toMatch(/^(PROBLEM|warning) .*watchdog\.toml.*\n +remedy: /m);
  expect(lines.join('\n')).toContain('PROBLEM  network files: ');
  expect(exitCode).toBe(1);
});

test('a folder without configuration files, and what is no folder, has nothing to say about them', async () => {
  put('notes', 'none');
  expect(await checkConfiguration(folder, SLOW_MS)).toEqual([]);
  expect(await checkConfiguration(join(folder, 'notes'))).toEqual([]);
});
