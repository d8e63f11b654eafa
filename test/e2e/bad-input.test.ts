import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { validatorId } from '../../domain/network/network.ts';
import { loneNetwork, type LoneNetwork } from '../faults/rig/lone-validators.ts';
import { writeOperatorFile } from '../../devnet/operator-file.ts';
import { firebreak, runEntry } from './rig/node-process.ts';
import { operator, refusalIn } from './rig/operator.ts';

/** What is typed wrongly, and what is typed well while nobody answers: exit codes 2 and 3, and nothing is changed by either. */
let net: LoneNetwork;
let folder = '';
let good = '';

beforeAll(async () => {
  net = await loneNetwork();
  folder = net.layout.validator(validatorId(1)).dir;
  good = readFileSync(join(folder, 'validator.toml'), 'utf8');
  writeOperatorFile(net.layout, net.ports);
});

afterAll(async () => net?.dispose());

/** `pattern` on its line becomes `text`; the number of that line comes back. */
function changed(name: string, pattern: RegExp, text: string): { readonly file: string; readonly line: number } {
  const lines = good.split('\n');
  const at = lines.findIndex((line) => pattern.test(line));
  if (at < 0) throw new Error(`validator.toml has no line like ${String(pattern)}`);
  lines.splice(at, 1, text);
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, lines.join('\n'));
  return { file, line: at + 1 + (text.split('\n').length - 1) };
}

describe('validator.toml', () => {
  test.each([
    ['no TOML at all', /^confirmations_required/, 'confirmations_required = = 3', 'input.config-syntax', ''],
    [
      'a misspelt field',
      /^confirmations_required/,
      'confirmations_requird = 3',
      'input.config-field',
      'bitcoin.confirmations_requird',
    ],
    [
      'a value of another type',
      /^confirmations_required/,
      'confirmations_required = "3"',
      'input.config-field',
      'bitcoin.confirmations_required',
    ],
    ['a value out of range', /^id =/, 'id = 0', 'input.config-field', 'validator.id'],
    [
      'a field that belongs to another choice',
      /^passphrase_file/,
      'passphrase_file = "keystore.secret"\nhsm_pin_file = "pin"',
      'input.config-contradiction',
      'key_storage.hsm_pin_file',
    ],
    [
      'two ports that are one',
      /^health_check_port/,
      'health_check_port = SAME',
      'input.config-contradiction',
      'monitoring.health_check_port',
    ],
    ['the wrong network', /^network =/, 'network = "testnet"', 'input.config-contradiction', 'validator.network'],
  ])('%s ends with 2 and names file, line, field and remedy', async (name, pattern, text, code, field) => {
    const { file, line } = changed(
      name.replaceAll(' ', '-'),
      pattern,
      text.replace('SAME', String(net.ports.health(validatorId(1)))),
    );
    const before = readdirSync(folder);
    const { code: exit, err } = await runEntry('validator/main.ts', ['run', '--config', file]);
    expect([exit, err]).toEqual([2, expect.stringContaining(code)]);
    expect(err).toMatch(new RegExp(`${file}:${line}|${file}.*line ${line}`, 's'));
    if (field !== '') expect(err).toMatch(new RegExp(`${field.replaceAll('.', '\\.')}: \\S+`));
    expect(readdirSync(folder)).toEqual(before);
  });

  test('the tool that starts the agent passes its exit code on', async () => {
    const { file } = changed('typed', /^id =/, 'id = "one"');
    expect(await firebreak(['validator', 'run', '--config', file])).toMatchObject({
      code: 2,
      err: expect.stringContaining('validator.id'),
    });
    expect(await firebreak(['validator', 'run'])).toMatchObject({ code: 2, err: expect.stringContaining('--config') });
    expect(await firebreak(['validator', 'run', '--config', join(folder, 'absent.toml')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('absent.toml'),
    });
  });
});

describe('documents and options', () => {
  test.each([
    ['a verb that does not exist', ['vault', 'close']],
    ['an order that is neither', ['order', 'make', 'thaw', '--reason', 'spring']],
    ['a duration that is none', ['order', 'make', 'freeze', '--reason', 'x', '--for', 'soon', '--number', '1']],
    ['a port base that is none', ['up', '--port-base', 'high']],
    ['a key file that is not there', ['order', 'sign', 'absent.json', '--key', 'absent.key']],
  ])('%s ends with 2', async (_name, args) => {
    const answer = await firebreak([...args, '--data', net.data, '--json'], { cwd: folder });
    expect([answer.code, answer.out]).toEqual([2, expect.stringMatching(/"code":"input\.[a-z-]+".*"remedy":"/)]);
  });

  test('a document that is cut short or has a field twice is named with its line', async () => {
    const file = join(folder, 'order.json');
    await operator(['order', 'make', 'freeze', '--reason', 'x', '--number', '1', '--out', file, '--data', net.data]);
    const text = readFileSync(file, 'utf8');
    const cut = join(folder, 'cut.json');
    writeFileSync(cut, text.slice(0, text.length >> 1));
    const twice = join(folder, 'twice.json');
    writeFileSync(twice, text.replace('"number": 1', '"number": 1,\n    "number": 2'));
    for (const bad of [cut, twice]) {
      const answer = await operator(['order', 'show', bad, '--data', net.data]);
      expect(answer.code).toBe(2);
      expect(answer.out).toContain(bad);
      expect(answer.out).toMatch(/line \d+|:\d+/);
    }
  });

  test('a genesis with a member missing is refused before anything is asked', async () => {
    const file = join(folder, 'network.json');
    copyFileSync(net.layout.network, file);
    const genesis = JSON.parse(readFileSync(file, 'utf8')) as { committee: { quorum: { freeze: number } } };
    genesis.committee.quorum.freeze = 0;
    writeFileSync(file, JSON.stringify(genesis));
    const answer = await operator(['order', 'make', 'freeze', '--reason', 'x', '--network', file, '--data', net.data]);
    expect([answer.code, answer.out]).toEqual([2, expect.stringContaining('quorum')]);
  });
});

describe('nobody answers', () => {
  test.each([
    ['status', ['status']],
    ['key list', ['key', 'list']],
    ['vault list', ['vault', 'list']],
    ['order make', ['order', 'make', 'freeze', '--reason', 'x']],
    ['payout', ['payout', 'ab'.repeat(32), '--release-key', 'RELEASE', '--yes']],
    ['validator status', ['validator', 'status']],
  ])('%s ends with 3', async (_name, args) => {
    const typed = args.map((word) => word.replace('RELEASE', net.layout.owner.releaseKey));
    const answer = await operator([...typed, '--data', net.data]);
    expect([answer.code, answer.err]).toEqual([3, '']);
    if (refusalIn(answer) !== undefined) expect(refusalIn(answer)).toMatch(/^unavailable\./);
  });
});
