import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestNamed, genesis as base, NOW } from '../../domain/approval/testkit/voting.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { epochSayers } from '../committee/testkit/epoch-sayers.ts';
import { ed25519PublicHex } from '../files.ts';
import type { Screen } from '../screen.ts';
import { installGrant, installPresent, listGrants } from './install.ts';
import { makeGrant } from './make.ts';
import { showGrant, signGrant } from './sign.ts';

const keys = ['ann', 'bo', 'cy'].map((name) => ({ name, secret: generateKeyPairSync('ed25519').privateKey }));
const pinned: NetworkGenesis = {
  ...base,
  committee: {
    epoch: 1,
    members: keys.map(({ name, secret }) => ({ name, key: ed25519PublicHex(secret) })),
    quorum: { freeze: 1, lift: 2 },
  },
};
let folder = '';
let shown = '';
const screen: Screen = { out: (text) => void (shown += text), err: () => undefined, colour: false, interactive: false };
const at = (name: string): string => join(folder, name);
const where = () => ({ data: folder, network: at('network.json') });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-grant-'));
  shown = '';
  writeFileSync(at('network.json'), JSON.stringify(pinned));
  for (const { name, secret } of keys) {
    writeFileSync(at(`${name}.key`), secret.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

const limits = { number: '1', reason: 'freeze first', uses: '2', freezeFor: '1h', validFor: '30d' };
const made = (change: Partial<Parameters<typeof makeGrant>[0]>): string => {
  makeGrant({ ...where(), ...limits, out: at('grant.json'), ...change }, NOW);
  return at('grant.json');
};
const sign = (file: string, name: string) =>
  signGrant(screen, file, { ...where(), key: at(`${name}.key`), yes: true }, NOW);

test('a standing order is in force with the signatures of a freeze, and is read before it is signed', async () => {
  const file = made({ plan: digestNamed('plan') });
  expect(showGrant(file, where(), NOW)).toMatchObject({
    exitCode: 1,
    data: { refusal: { code: 'policy.grant-quorum' } },
  });
  await sign(file, 'ann');
  expect(shown).toContain('may freeze payouts 2 times, for at most 1 hour each');
  expect(showGrant(file, where(), NOW)).toMatchObject({ exitCode: 0, data: { valid: true } });
  expect(showGrant(file, where(), NOW + 30 * 86_400).data).toMatchObject({ refusal: { code: 'policy.grant-window' } });
});

test('break-glass takes the signatures of a change and names its holders', async () => {
  const file = made({ holder: ['bo'], uses: '1' });
  await sign(file, 'ann');
  expect(showGrant(file, where(), NOW).data).toMatchObject({ refusal: { details: { have: 1, need: 2 } } });
  await sign(file, 'cy');
  expect(showGrant(file, where(), NOW).data).toMatchObject({ valid: true });
  expect(shown).toContain('BREAK-GLASS: bo may freeze payouts once, for at most 1 hour\n');
});

test('who of several holders may freeze is said in words', () => {
  const may = (needed: string): string => {
    const file = at(`glass-${needed}.json`);
    makeGrant({ ...where(), ...limits, holder: ['ann', 'bo'], needed, freezeFor: '45m', out: file }, NOW);
    return showGrant(file, where(), NOW).lines[0] ?? '';
  };
  expect(may('1')).toBe('BREAK-GLASS: any one of ann, bo may freeze payouts 2 times, for at most 45 minutes each');
  expect(may('2')).toContain('any 2 together of ann, bo');
});

test('limits that no grant may have are refused by whoever is asked to sign', async () => {
  const file = made({ plan: digestNamed('plan'), freezeFor: '24h' });
  const wide = readFileSync(file, 'utf8').replace('86400', '86401');
  writeFileSync(file, wide);
  await expect(sign(file, 'ann')).rejects.toMatchObject({ code: 'input.document-field' });
});

test('where most validators say that they follow a later committee, no grant of this one is said to be in force', async () => {
  const file = made({ plan: digestNamed('plan') });
  await sign(file, 'ann');
  const epochs = [1, 1, 1];
  const validators = await epochSayers(folder, epochs);
  try {
    installGrant(file, { data: folder }, NOW);
    const listed = async (): Promise<string> => (await listGrants({ data: folder }, NOW)).lines.join('\n');
    expect(await listed()).toContain('verdict    IN FORCE');
    epochs[0] = 2;
    expect(await listed()).toContain('verdict    IN FORCE');
    epochs[1] = 2;
    expect(await listed()).toMatch(
      /verdict +NOT IN FORCE any more: 2 of 3 validators .* follow epoch 2 .*: give --chain/,
    );
  } finally {
    validators.close();
  }
});

test('a grant that judges well is installed whatever validators say, with a warning where they say that its committee has handed over', async () => {
  const file = made({ plan: digestNamed('plan') });
  await sign(file, 'ann');
  const epochs = [1];
  const validators = await epochSayers(folder, epochs);
  try {
    const calm = await installPresent(file, { data: folder }, NOW);
    expect(calm.lines.join('\n')).not.toContain('WARNING');
    rmSync(at('grants'), { recursive: true });
    epochs[0] = 2;
    const { lines, data } = await installPresent(file, { data: folder }, NOW);
    expect(lines.at(-1)).toMatch(/WARNING .* 1 of 1 validators .* follow epoch 2 .*: give --chain/);
    expect(data).toEqual({ ...calm.data, warning: expect.stringContaining('epoch 2') });
    expect(readdirSync(at('grants'))).toHaveLength(1);
  } finally {
    validators.close();
  }
});

test('a grant for nobody, or for somebody without a seat, is not made', () => {
  expect(() => made({})).toThrow(expect.objectContaining({ code: 'input.usage' }));
  expect(() => made({ holder: ['mallory'] })).toThrow(expect.objectContaining({ code: 'input.usage' }));
  expect(() => made({ plan: 'not a digest' })).toThrow(expect.objectContaining({ code: 'input.usage' }));
});
