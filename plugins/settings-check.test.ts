import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { genesis } from '../domain/approval/testkit/voting.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import { checkSettings } from './settings-check.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-check-'));
  writeFileSync(join(folder, 'network.json'), encodeDocument(genesis));
});
afterAll(() => rmSync(folder, { recursive: true }));

const lines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

/** Every file, secret and folder that these name is absent but for the genesis; every address is a closed port. */
const VALIDATOR = `[validator]
id = 1
network = "${genesis.bitcoinNetwork}"
environment = "${genesis.environment}"
data_dir = "state"
[bitcoin]
rpc_url = "http://127.0.0.1:1"
rpc_user = "u"
rpc_password_env = "FIREBREAK_TEST_UNSET"
[threshold]
total_validators = ${genesis.validators.length}
threshold = ${genesis.threshold}
[key_storage]
type = "file"
passphrase_file = "absent.secret"
[network]
p2p_listen = "127.0.0.1:1"
[monitoring]
metrics_port = 2
health_check_port = 3
`;
const TEMPORAL = `[temporal]
address = "127.0.0.1:1"
api_key_env = "FIREBREAK_TEST_KEY"
`;
const COORDINATOR = `data_folder = "state"
${TEMPORAL}[network]
genesis_file = "network.json"
identity_file = "absent.key"
[bitcoin]
rpc_urls = ["http://127.0.0.1:1"]
[blobs]
folder = "blobs"
[terms]
folder = "terms"
`;
const API = `data_folder = "state"
${TEMPORAL}[playbooks]
folder = "playbooks"
catalogue_file = "catalogue.yaml"
[sources.page]
use = "alertmanager"
networks = ["laptop"]
playbooks = ["validator-offline"]
secret_file = "absent.secret"
`;
const WATCHDOG = `network = "laptop"
environment = "production"
state_file = "state/memory.json"
${TEMPORAL}[channels.page]
use = "webhook"
url = "http://127.0.0.1:1"
secret_file = "absent.secret"
`;

test.each([
  ['validator', VALIDATOR, 'health_check_port = 3', 'monitoring.colour'],
  ['workers', COORDINATOR, 'api_key_env = "FIREBREAK_TEST_KEY"', 'temporal.colour'],
  ['api', API, 'catalogue_file = "catalogue.yaml"', 'playbooks.colour'],
  ['watchdog', WATCHDOG, 'api_key_env = "FIREBREAK_TEST_KEY"', 'temporal.colour'],
])(
  '`check` of %s says of each file whether it is good, starts nothing and opens no secret',
  (room, good, before, field) => {
    const home = join(folder, room);
    mkdirSync(home);
    cpSync(join(folder, 'network.json'), join(home, 'network.json'));
    const files = ['good.toml', 'bad.toml', 'absent.toml'].map((name) => join(home, name));
    const [goodFile = '', badFile = ''] = files;
    writeFileSync(goodFile, good);
    writeFileSync(badFile, good.replace(before, `${before}\ncolour = "red"`));
    const there = readdirSync(home);
    const check = (...named: readonly string[]) =>
      spawnSync(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', join(ROOT, room, 'main.ts'), 'check', ...named],
        { encoding: 'utf8', env: { ...process.env, FIREBREAK_TEST_KEY: 'of Temporal' }, cwd: tmpdir() },
      );

    const all = check(...files);
    const line = readFileSync(badFile, 'utf8').split('\n').indexOf('colour = "red"') + 1;
    const no = { ok: false, code: expect.stringMatching(/^input\./), remedy: expect.stringMatching(/.{10}\.$/) };
    expect(all.stderr).toBe('');
    expect(lines(all.stdout)).toEqual([
      { file: goodFile, ok: true },
      { file: badFile, ...no, message: expect.stringContaining(`${badFile}:${line}: ${field}: `) },
      { file: files[2], ...no, message: expect.stringContaining('cannot read') },
    ]);
    expect(all.status).toBe(2);
    expect(check(goodFile).status).toBe(0);
    expect(check().status).toBe(2);
    expect(readdirSync(home)).toEqual(there);
  },
);

test.each([
  ['workers', COORDINATOR, 'folder = "terms"', '[channels.page]\nuse = "webhook"\nurl = "no address"', 'url'],
  ['workers', COORDINATOR, 'rpc_urls = ["http://127.0.0.1:1"]', 'reorg_depth_max = 500', 'reorg_depth_max'],
  ['api', API, 'secret_file = "absent.secret"', 'colour = "red"', 'colour'],
  ['watchdog', WATCHDOG, 'secret_file = "absent.secret"', 'colour = "red"', 'colour'],
])('`check` of %s has each section of a plug-in judged by that plug-in', (room, good, before, more, field) => {
  const home = mkdtempSync(join(folder, `${room}-plugins-`));
  cpSync(join(folder, 'network.json'), join(home, 'network.json'));
  const file = join(home, 'settings.toml');
  writeFileSync(file, good.replace(before, `${before}\n${more}`));
  const line =
    readFileSync(file, 'utf8')
      .split('\n')
      .indexOf(more.split('\n').at(-1) ?? '') + 1;
  const { stdout } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, room, 'main.ts'), 'check', file],
    { encoding: 'utf8', env: { ...process.env, FIREBREAK_TEST_KEY: 'of Temporal' }, cwd: tmpdir() },
  );
  expect(lines(stdout)).toEqual([
    {
      file,
      ok: false,
      code: 'input.config',
      message: expect.stringContaining(`${file}:${line}: ${field}: `),
      remedy: expect.any(String),
    },
  ]);
});

test('a fault of ours with one file does not hide the next, and what a loader quotes is cut', async () => {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const fail = (file: string): void => {
      if (file === 'a') throw new TypeError('x'.repeat(5_000));
    };
    expect(await checkSettings(['a', 'b'], { load: fail, plugins: () => [], tables: [] })).toBe(2);
    const [first, second] = lines(String(write.mock.calls[0]?.[0])) as {
      code?: string;
      message: string;
      ok: boolean;
    }[];
    expect(first).toMatchObject({ ok: false, code: 'bug.unexpected', message: `${'x'.repeat(4_000)}…` });
    expect(second).toEqual({ file: 'b', ok: true });
  } finally {
    write.mockRestore();
  }
});
