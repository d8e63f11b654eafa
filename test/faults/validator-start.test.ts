import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ValidatorId, validatorId, validatorName } from '../../domain/network/network.ts';
import { findTool } from '../../toolchain/tools.mjs';
import { writeOperatorFile } from '../../devnet/operator-file.ts';
import { nodeOf } from '../../devnet/layout.ts';
import { prepareSoftHsmToken } from '../../devnet/softhsm/token.ts';
import { done, operator, refusalIn } from '../e2e/rig/operator.ts';
import { chance } from '../e2e/rig/seed.ts';
import { runEntry } from '../e2e/rig/node-process.ts';
import { until } from '../../devnet/until.ts';
import { smallDisk } from '../../devnet/small-disk.ts';
import { loneNetwork, type LoneNetwork, takeTurns } from './rig/lone-validators.ts';

/**
 * One validator process against what goes wrong around it before it has anybody to talk to. Its Bitcoin node is down on
 * purpose: a validator comes up without one, and says so.
 */
let net: LoneNetwork;
const fresh = takeTurns();
const { below } = chance('validator-start');
const module = await findTool('softhsm2');
const utility = await findTool('softhsm2-util');
const withToken = module === undefined || utility === undefined ? test.skip : test;

beforeAll(async () => {
  net = await loneNetwork();
});

afterAll(async () => net?.dispose());

/** `file:line: section.field`, as a refusal names the line on which the field stands. */
function placeIn(id: ValidatorId, setting: string): string {
  const { config } = net.layout.validator(id);
  const field = setting.split('.').at(-1);
  const line = readFileSync(config, 'utf8')
    .split('\n')
    .findIndex((text) => text.startsWith(`${field} = `));
  return `${config}:${line + 1}: ${setting}`;
}

test('a validator without a Bitcoin node is up, says which node is missing, and cannot sign', async () => {
  const id = fresh();
  const running = await net.up(id);
  const saying = (code: string) =>
    until(`${code} among the reasons`, { timeoutMs: 90_000 }, async () => {
      const said = await net.canSign(id);
      return JSON.stringify(said['reasons']).includes(code) ? said : undefined;
    });
  const unable = { can_sign: false, state: 'syncing' };
  expect(await saying('input.node-credentials')).toMatchObject(unable);
  // The file is read at each connection: whoever puts it there needs no restart.
  const folder = net.layout.bitcoin(nodeOf(id)).dir;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'rpc-password'), 'anything\n', { mode: 0o600 });
  expect(await saying('unavailable.node-down')).toMatchObject(unable);
  await net.down(running);
});

test('a second agent on the same data folder is refused, also when the first is stopped, and the first goes on', async () => {
  const id = fresh();
  const first = await net.up(id);
  const refused = await net.refusalOf(id);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('conflict.journal-in-use') });
  first.signal('SIGSTOP');
  expect(await net.refusalOf(id)).toMatchObject({
    code: 2,
    err: expect.stringContaining('conflict.journal-in-use'),
  });
  first.signal('SIGCONT');
  expect(await net.status(id)).toMatchObject({ state: 'syncing' });
  await net.down(first, 'SIGKILL');
  // The lock goes with its holder, however it ends: nobody has to remove a stale one.
  await net.down(await net.up(id));
});

test.each([
  ['monitoring.health_check_port', (id: ValidatorId) => net.ports.api(id)],
  ['monitoring.metrics_port', (id: ValidatorId) => net.ports.health(id)],
  ['network.p2p_listen', (id: ValidatorId) => net.ports.p2p(id)],
])('a taken port (%s) ends the start with file, line, field and the number of the port', async (field, portOf) => {
  const id = fresh();
  const port = portOf(id);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen({ port, host: '127.0.0.1' }, resolve));
  const refused = await net.refusalOf(id);
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/unavailable\.(port-in-use|listen-address)/);
  expect(refused.err).toContain(`  ${placeIn(id, field)}: `);
  expect(refused.err).toContain(String(port));
  await new Promise((resolve) => taken.close(resolve));
  await net.down(await net.up(id));
});

test('a wrong passphrase, an empty one and one that others can read are three different refusals, and the right one still opens', async () => {
  const id = fresh();
  const { secret } = net.layout.validator(id);
  const right = readFileSync(secret, 'utf8');
  const replace = (text: string, mode: number): void => {
    unlinkSync(secret);
    writeFileSync(secret, text, { mode });
    chmodSync(secret, mode);
  };
  replace('not the passphrase\n', 0o400);
  const wrong = await net.refusalOf(id);
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('input.keystore-pin') });
  expect(wrong.err).toContain(`  ${placeIn(id, 'key_storage.passphrase_file')}: `);
  expect(wrong.err).not.toContain('not the passphrase');
  replace('', 0o400);
  expect(await net.refusalOf(id)).toMatchObject({ code: 2, err: expect.stringMatching(/input\.[a-z-]*secret/) });
  replace(right, 0o644);
  const open = await net.refusalOf(id);
  expect(open).toMatchObject({ code: 2, err: expect.stringMatching(/input\.[a-z-]*secret/) });
  expect(open.err).not.toContain(right.trim());
  replace(right, 0o400);
  await net.down(await net.up(id));
});

test('a journal that was cut short, emptied, removed or changed in one bit is refused by name and left as it is', async () => {
  const id = fresh();
  const { journal } = net.layout.validator(id);
  await net.down(await net.up(id));
  const good = readFileSync(journal);
  const refusedWith = async (bytes: Buffer | undefined): Promise<void> => {
    if (bytes === undefined) unlinkSync(journal);
    else writeFileSync(journal, bytes);
    const refused = await net.refusalOf(id);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('policy.journal-damaged') });
    expect(existsSync(journal) ? readFileSync(journal) : undefined).toEqual(bytes);
  };
  await refusedWith(good.subarray(0, good.length - 1 - below(good.length >> 1)));
  await refusedWith(Buffer.alloc(0));
  await refusedWith(undefined);
  // A row that every start writes and reads; a bit in free space would change nothing that anybody reads.
  const at = good.indexOf('host identity');
  expect(at).toBeGreaterThan(0);
  const flipped = Buffer.from(good);
  const position = at + below('host identity'.length);
  flipped[position] = (flipped[position] ?? 0) ^ (1 << below(7));
  await refusedWith(flipped);
  writeFileSync(journal, good);
  await net.down(await net.up(id));
});

test('a sealed identity that was changed in one bit, cut short or taken from a neighbour does not open', async () => {
  const id = fresh();
  const sealed = join(net.layout.validator(id).dir, 'identity.sealed');
  const good = readFileSync(sealed);
  const refusedWith = async (bytes: Buffer): Promise<void> => {
    writeFileSync(sealed, bytes);
    expect(await net.refusalOf(id)).toMatchObject({
      code: 2,
      err: expect.stringContaining('policy.sealed-damaged'),
    });
  };
  const flipped = Buffer.from(good);
  const position = below(good.length);
  flipped[position] = (flipped[position] ?? 0) ^ (1 << below(8));
  await refusedWith(flipped);
  await refusedWith(good.subarray(0, below(good.length)));
  await refusedWith(readFileSync(join(net.layout.validator(validatorId(15)).dir, 'identity.sealed')));
  writeFileSync(sealed, good);
  await net.down(await net.up(id));
});

test('a key file that was changed in one bit or cut short is refused, and no new key takes its place', async () => {
  const id = fresh();
  const file = join(net.layout.validator(id).dir, 'keystore.age');
  const good = readFileSync(file);
  const flipped = Buffer.from(good);
  const position = below(good.length);
  flipped[position] = (flipped[position] ?? 0) ^ (1 << below(7));
  for (const bytes of [flipped, good.subarray(0, below(good.length)), Buffer.alloc(0), undefined]) {
    if (bytes === undefined) unlinkSync(file);
    else writeFileSync(file, bytes);
    const refused = await net.refusalOf(id);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/(input|policy)\.(keystore|sealed)-/);
    expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(bytes);
  }
  writeFileSync(file, good, { mode: 0o600 });
  await net.down(await net.up(id));
});

withToken(
  'a token that is gone and a PIN that is wrong are named, the same wrong PIN is not tried again and again, and both recover',
  async () => {
    const dir = join(net.layout.root, 'lone-token');
    const token = await prepareSoftHsmToken({ dir, utility: utility?.path ?? '', tokenLabel: 'lone-token' });
    const id = fresh();
    const folder = net.layout.validator(id).dir;
    renameSync(folder, `${folder}-with-files`);
    mkdirSync(folder, { mode: 0o700 });
    const env = { SOFTHSM2_CONF: token.configFile };
    const init = await runEntry(
      'validator/main.ts',
      `init --id ${id} --key-storage hsm --hsm-token-label ${token.tokenLabel} --json`
        .split(' ')
        .concat('--dir', folder, '--genesis', net.layout.network, '--hsm-module', module?.path ?? '')
        .concat('--hsm-pin-file', token.pinFile, '--p2p-listen', `127.0.0.1:${net.ports.p2p(id)}`)
        .concat('--api-port', String(net.ports.api(id)), '--metrics-port', String(net.ports.health(id))),
      { env },
    );
    expect(init).toMatchObject({ code: 0 });
    // This host identity is not in the pinned roster: with its token in place, that is the last thing that stops the start.
    const opens = { code: 2, err: expect.stringContaining('input.config-contradiction') };
    expect(await net.refusalOf(id, { env })).toMatchObject(opens);

    renameSync(token.tokensDir, `${token.tokensDir}-away`);
    mkdirSync(token.tokensDir);
    expect(await net.refusalOf(id, { env })).toMatchObject({
      code: 2,
      err: expect.stringContaining('unavailable.token-absent'),
    });
    renameSync(token.tokensDir, `${token.tokensDir}-empty`);
    renameSync(`${token.tokensDir}-away`, token.tokensDir);

    const pin = readFileSync(token.pinFile, 'utf8');
    chmodSync(token.pinFile, 0o600);
    writeFileSync(token.pinFile, `${'0'.repeat(24)}\n`);
    chmodSync(token.pinFile, 0o400);
    const wrong = await net.refusalOf(id, { env });
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('input.keystore-pin') });
    expect(wrong.err).toContain(`  ${placeIn(id, 'key_storage.hsm_pin_file')}: `);
    chmodSync(token.pinFile, 0o600);
    writeFileSync(token.pinFile, pin);
    chmodSync(token.pinFile, 0o400);
    expect(await net.refusalOf(id, { env })).toMatchObject(opens);
  },
);

const disk = smallDisk();
(disk === undefined ? test.skip : test)(
  'a full disk is named at start, costs nothing that was written, and is over when there is room again',
  async () => {
    if (disk === undefined) return;
    const id = fresh();
    const { config, dir, journal } = net.layout.validator(id);
    await net.down(await net.up(id));
    const good = readFileSync(journal);
    const mount = disk.mountOver(dir, 4 << 20);
    try {
      expect(statSync(config).isFile()).toBe(true);
      mount.fill();
      const refused = await net.refusalOf(id);
      expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('unavailable.journal-full') });
      expect(readFileSync(journal)).toEqual(good);
      mount.free();
      await net.down(await net.up(id));
    } finally {
      mount.undo();
    }
  },
);

(disk === undefined ? test.skip : test)(
  'an order that a full disk keeps out of the journal is not obeyed, and is obeyed when there is room again',
  async () => {
    if (disk === undefined) return;
    const id = fresh();
    const { dir } = net.layout.validator(id);
    writeOperatorFile(net.layout, net.ports);
    const file = join(net.data, 'freeze.json');
    const verb = (...args: readonly string[]) => operator([...args, '--data', net.data]);
    const made = await verb('order', 'make', 'freeze', '--reason', 'a full disk', '--number', '7', '--out', file);
    expect(made.code).toBe(0);
    for (const member of [1, 2, 3])
      await done(verb('order', 'sign', file, '--key', net.layout.committee.member(member), '--yes'));
    const mount = disk.mountOver(dir, 4 << 20);
    try {
      const running = await net.up(id);
      mount.fill();
      const refused = await verb('order', 'send', file, '--to', validatorName(id));
      expect([refused.code, refusalIn(refused)]).not.toEqual([0, undefined]);
      expect(await net.status(id)).toMatchObject({ order_number: 0, frozen_until_seconds: null });
      mount.free();
      expect(await done(verb('order', 'send', file, '--to', validatorName(id)))).toMatchObject({ number: 7 });
      expect(await net.status(id)).toMatchObject({ order_number: 7 });
      await net.down(running, 'SIGKILL');
      const again = await net.up(id);
      expect(await net.status(id)).toMatchObject({ order_number: 7 });
      await net.down(again);
    } finally {
      mount.undo();
    }
  },
);

test('a journal without its watermark is taken for what it may be: an older copy', async () => {
  const id = fresh();
  const { dir } = net.layout.validator(id);
  const mark = join(dir, 'journal.mark');
  await net.down(await net.up(id));
  const good = readFileSync(mark);
  truncateSync(mark, 0);
  expect(await net.refusalOf(id)).toMatchObject({ code: 2, err: expect.stringContaining('policy.journal-damaged') });
  writeFileSync(mark, good);
  await net.down(await net.up(id));
});
