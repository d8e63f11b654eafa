import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCommandLine } from '../command-line.ts';
import type { Screen } from '../screen.ts';

const SHIPPED = new URL('../../playbooks/', import.meta.url).pathname;
const GUIDE = new URL('../../docs/playbooks/writing.md', import.meta.url).pathname;
const NETWORK = new URL('../ceremony/recorded/network.json', import.meta.url).pathname;
let folder = '';
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-playbook-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Types a command line; gives its exit code and what stands on the screen. */
async function typed(...args: string[]): Promise<{ code: number | undefined; out: string; err: string }> {
  let [out, err] = ['', ''];
  let code: number | undefined;
  const screen: Screen = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    colour: false,
    interactive: false,
  };
  await runCommandLine(['playbook', ...args], { screen, exit: (given) => void (code = given) });
  return { code, out, err };
}
const shipped = (name: string): string => readFileSync(join(SHIPPED, name, 'playbook.yaml'), 'utf8');
const write = (name: string, text: string): string => {
  writeFileSync(at(name), text);
  return at(name);
};

test('validate accepts a shipped playbook by its folder and says its digest', async () => {
  const { code, out } = await typed('validate', join(SHIPPED, 'suspected-share-theft'), '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ valid: true, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('validate prints every problem with file, line, column and remedy, and exits with 2', async () => {
  const file = write('x.yaml', shipped('validator-offline').replace('effect: reversible', 'effect: none'));
  const { code, out } = await typed('validate', file);
  expect(code).toBe(2);
  expect(out).toMatch(/x\.yaml:\d+:\d+ steps\[1\]\.effect: is none, but validator\.pause is reversible\n/);
  expect(out).toMatch(/input\.playbook-effect; remedy: Declare the effect/);
});

test('what only the rules refuse exits with 1', async () => {
  const file = write('x.yaml', shipped('suspected-share-theft').replace('covers: [rotate, sweep]', 'covers: [rotate]'));
  const { code, out } = await typed('validate', file, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out).problems).toMatchObject([{ code: 'policy.playbook-approval' }]);
});

test('with a pinned network its committee is what counts', async () => {
  const sound = await typed('validate', join(SHIPPED, 'suspected-share-theft'), '--network', NETWORK);
  expect(sound.code).toBe(0);
  expect(sound.out).not.toContain('quorums were not judged');
  const genesis = JSON.parse(readFileSync(NETWORK, 'utf8'));
  const quorum = { ...genesis.committee.quorum, lift: genesis.committee.members.length + 1 };
  const small = write('small.json', JSON.stringify({ ...genesis, committee: { ...genesis.committee, quorum } }));
  const { code, out, err } = await typed('validate', join(SHIPPED, 'suspected-share-theft'), '--network', small);
  expect(code).not.toBe(0);
  expect(out + err).toMatch(/committee|quorum/);
});

test('a file that is missing or a text that is no catalogue is refused with its name', async () => {
  expect(await typed('validate', at('nowhere.yaml'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('nowhere.yaml'),
  });
  const catalogue = write(
    'catalogue.yaml',
    'catalogue: 1\nchannels: [mail]\nactions:\n  a.b: { summary: x, effect: some }\n',
  );
  const { code, err } = await typed('validate', join(SHIPPED, 'validator-offline'), '--catalogue', catalogue);
  expect(code).toBe(2);
  expect(err).toMatch(/catalogue\.yaml:4:22: actions\.a\.b\.effect/);
});

test('plan prints the steps in order with what is known, and what only the run will know', async () => {
  const { code, out } = await typed('plan', join(SHIPPED, 'suspected-share-theft'), '--input', 'suspect=7');
  expect(code).toBe(0);
  expect(out).toMatch(/ {2}1 freeze +action custody\.freeze {2}REVERSIBLE, undone by custody\.askForLift\n/);
  expect(out).toContain('reason = "share of validator 7 may be out"');
  expect(out).toContain('toEpoch = known later: steps.rotate.epoch');
  expect(out.indexOf(' consent ')).toBeLessThan(out.indexOf(' rotate '));
});

test('plan says how long is waited, who is told meanwhile, and what a form asks', async () => {
  const file = write(
    'x.yaml',
    shipped('validator-offline').replace(
      'steps:\n',
      () =>
        'steps:\n  - { id: rest, summary: x, wait: { for: 90s } }\n  - { id: look, summary: x, timeout: 4h, task: { role: operations, instruction: x, form: { count: { type: int, label: How many?, minimum: 1 } } } }\n',
    ),
  );
  const { out } = await typed('plan', file, '--input', 'validator=4');
  expect(out).toMatch(/ rest +wait\n +x\n +waits 90s\n/);
  expect(out).toMatch(/ look +task\n +x\n +at most 4h\n +field count: int, at least 1 {2}"How many\?"\n/);
  expect(out).toMatch(/has to hold for \d+m, looks every 30s; at most \d+[mh]\n/);
  const theft = await typed('plan', join(SHIPPED, 'suspected-share-theft'), '--input', 'suspect=7');
  expect(theft.out).toMatch(
    / consent +approval\n.*\n(.*only if.*\n)* +at most \d+[hd]; after \d+[mh] without an answer tells /,
  );
});

test.each([
  ['none where one is required', [], /suspect is missing/],
  ['one that nobody declared', ['suspect=7', 'colour=red'], /names no input/],
  ['one of another type', ['suspect=seven'], /number of a validator/],
  ['one twice', ['suspect=7', 'suspect=8'], /given twice/],
  ['one without a value', ['suspect'], /names no input/],
])('plan refuses inputs: %s', async (_what, inputs, message) => {
  const flags = inputs.flatMap((input) => ['--input', input]);
  const { code, err } = await typed('plan', join(SHIPPED, 'suspected-share-theft'), ...flags);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});

test('a validator that the network does not have is refused when it is planned and when it is run, before anything is opened', async () => {
  copyFileSync(NETWORK, at('network.json'));
  const temporal = { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'x' };
  const operator = { version: 1, network: 'network.json', identity: 'x.key', temporal, validators: [] };
  writeFileSync(at('operator.json'), JSON.stringify(operator));
  const playbook = join(SHIPPED, 'suspected-share-theft');
  const wrong = { code: 2, err: expect.stringContaining('no validator 99 in custody-devnet, which has 16') };
  const right = { code: 0, out: expect.stringContaining('share of validator 16 may be out') };
  for (const of of [
    ['--network', NETWORK],
    ['--data', folder],
  ]) {
    expect(await typed('plan', playbook, '--input', 'suspect=99', ...of)).toMatchObject(wrong);
    expect(await typed('plan', playbook, '--input', 'suspect=16', ...of)).toMatchObject(right);
  }
  expect(await typed('run', playbook, '--input', 'suspect=99', '--yes', '--data', folder)).toMatchObject(wrong);
});

test('diff passes over comments and finds what is meant otherwise', async () => {
  const text = shipped('validator-offline');
  const before = write('before.yaml', text);
  expect((await typed('diff', before, write('same.yaml', `# reviewed\n${text}\n`))).out).toMatch(/^SAME PLAN/);
  const after = write(
    'after.yaml',
    text.replace('reason: offline }', 'reason: away }').replace('every: 30s }', 'every: 45s }'),
  );
  const { code, out } = await typed('diff', before, after);
  expect(code).toBe(0);
  expect(out).toContain('steps.pause.with.reason.literal\n  - "offline"\n  + "away"\n');
  expect(out).toContain('hold.everyMs\n  - 30000\n  + 45000\n');
});

test('a sub-playbook is pinned by digest, so that its edit is another plan; playbooks that run each other are refused', async () => {
  for (const name of ['identity-seen-twice', 'suspected-share-theft'])
    cpSync(join(SHIPPED, name), at(name), { recursive: true });
  const digest = async () =>
    JSON.parse((await typed('validate', at('identity-seen-twice'), '--library', folder, '--json')).out).digest;
  const before = await digest();
  const inner = join('suspected-share-theft', 'playbook.yaml');
  write(inner, shipped('suspected-share-theft').replace('default: 24h', 'default: 25h'));
  const after = await digest();
  expect(after).toMatch(/^[0-9a-f]{64}$/);
  expect(after).not.toBe(before);
  const round = '  - { id: back, summary: x, playbook: identity-seen-twice, with: { validator: 1 }, timeout: 1h }\n';
  write(
    inner,
    shipped('suspected-share-theft').replace('steps:\n', () => `steps:\n${round}`),
  );
  const { code, err } = await typed('validate', at('identity-seen-twice'), '--library', folder);
  expect(code).toBe(2);
  expect(err).toContain('run each other');
});

test('the playbook of the guide is one, also with the triggers and the form that it shows', async () => {
  const blocks = [...readFileSync(GUIDE, 'utf8').matchAll(/```yaml\n([^]*?)```/g)];
  const [guide = '', triggers = '', form = ''] = blocks.map(([, block = '']) => block);
  const whole = guide.replaceAll(/^ {3}/gm, '');
  const more = whole
    .replace(/triggers:\n[^]*?\n(?=\n)/, () => triggers)
    .replace(/ +form:\n.*\n/, () => form.replaceAll(/^/gm, '      ').trimEnd().concat('\n'));
  for (const text of [whole, more]) {
    const { code, out } = await typed('validate', write('guide.yaml', text));
    expect(out).toMatch(/^slow-validator: VALID/);
    expect(code).toBe(0);
  }
  expect(more).toContain('severity: [warning, critical]');
  expect(more).toContain('ticket: { type: text');
});
