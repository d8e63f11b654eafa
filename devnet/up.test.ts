import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ValidatorId } from '../domain/network/network.ts';
import { loopbackPort } from '../plugins/testkit/loopback-ports.ts';
import { writing } from './folder.ts';
import { layout as layoutOf, validatorIds } from './layout.ts';
import { readOptions, type UpOptions } from './options.ts';
import { LOOPBACK, portPlan } from './ports.ts';
import { openLedger } from './supervisor/ledger.ts';
import { prepare } from './up.ts';

let folder = '';
let base = 0;
let holder: Server | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-up-'));
  base = await loopbackPort();
});
afterEach(() => {
  holder?.close();
  holder = undefined;
  rmSync(folder, { recursive: true });
});

const up = (data: string, ...more: readonly string[]): UpOptions =>
  readOptions(['up', '--data', data, '--port-base', String(base), '--keystore', 'file', ...more]) as UpOptions;

/** Every name, mode and byte below a folder. */
function everything(root: string): readonly string[] {
  const mode = (statSync(root).mode & 0o777).toString(8);
  return [
    `${root} ${mode}`,
    ...readdirSync(root, { withFileTypes: true }).flatMap((entry) => {
      const path = join(root, entry.name);
      return entry.isDirectory() ? everything(path) : [`${path} ${readFileSync(path).toString('hex')}`];
    }),
  ].sort();
}

async function holdPort(): Promise<void> {
  holder = createServer().listen(portPlan(base).temporalUi, LOOPBACK);
  await once(holder, 'listening');
}

test('a start that is refused for a port leaves no folder where none was, and one that was there as it was', async () => {
  await holdPort();
  const none = join(folder, 'none');
  await expect(prepare(up(none))).rejects.toMatchObject({ code: 'conflict.port-in-use' });
  expect(existsSync(none)).toBe(false);

  const empty = join(folder, 'empty');
  mkdirSync(empty);
  chmodSync(empty, 0o755);
  const before = everything(empty);
  await expect(prepare(up(empty))).rejects.toMatchObject({ code: 'conflict.port-in-use' });
  expect(everything(empty)).toEqual(before);
});

test('a network whose ports are taken keeps every byte when its start is refused', async () => {
  const layout = layoutOf(join(folder, 'network'));
  (await prepare(up(layout.root))).release();
  writeFileSync(layout.network, '{}');
  const { config } = layout.validator(validatorIds()[0] as ValidatorId);
  mkdirSync(dirname(config), { recursive: true });
  writeFileSync(config, 'type = "sealed-file"\n');
  openLedger(layout.state, { portBase: base, keystore: 'file' });
  await holdPort();
  const before = everything(layout.root);
  await expect(prepare(up(layout.root))).rejects.toMatchObject({
    code: 'conflict.port-in-use',
    message: expect.stringContaining('genesis'),
  });
  expect(everything(layout.root)).toEqual(before);
});

test("somebody's folder is neither closed to others nor mixed with a network", async () => {
  writeFileSync(join(folder, 'letter.txt'), 'dear');
  chmodSync(folder, 0o755);
  const before = everything(folder);
  await expect(prepare(up(folder))).rejects.toMatchObject({
    code: 'input.not-a-data-folder',
    message: expect.stringContaining('letter.txt'),
  });
  expect(everything(folder)).toEqual(before);
});

test('a place that takes no folder is named with the reason, and not with the words of the system', async () => {
  writeFileSync(join(folder, 'file'), '');
  const data = join(folder, 'file', 'network');
  await expect(prepare(up(data))).rejects.toMatchObject({
    code: 'input.data-folder-unwritable',
    message: expect.stringMatching(/^cannot write .*: a part of the path is a file and not a folder$/),
  });
});

test('what the system says while files are written gets a name and a remedy, and anything else stays what it is', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', path: '/data/x' });
  await expect(writing('/data', () => Promise.reject(full))).rejects.toMatchObject({
    code: 'input.data-folder-unwritable',
    message: 'cannot write /data/x: its disk is full',
  });
  const other = new Error('something else');
  await expect(writing('/data', () => Promise.reject(other))).rejects.toBe(other);
});
