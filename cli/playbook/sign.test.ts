import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { epochSayers } from '../committee/testkit/epoch-sayers.ts';
import { ed25519PublicHex } from '../files.ts';
import type { Screen } from '../screen.ts';
import { signPlaybook } from './sign.ts';
import { validatePlaybook } from './validate.ts';

const SHIPPED = new URL('../../playbooks/validator-offline/', import.meta.url).pathname;
const NETWORK = new URL('../ceremony/recorded/network.json', import.meta.url).pathname;
const members = [1, 2, 3].map(() => generateKeyPairSync('ed25519').privateKey);
let shown = '';
const out = (text: string): void => {
  shown += text;
};
const screen: Screen = { out, err: () => undefined, colour: false, interactive: false };
let folder = '';
const at = (name: string): string => join(folder, name);
const committee = (epoch: number) => ({
  epoch,
  members: members.map((key, index) => ({ name: `member ${index + 1}`, key: ed25519PublicHex(key) })),
  quorum: { freeze: 1, lift: 2, change: 2 },
});

beforeEach(() => {
  shown = '';
  folder = mkdtempSync(join(tmpdir(), 'firebreak-sign-'));
  cpSync(SHIPPED, folder, { recursive: true });
  const genesis = JSON.parse(readFileSync(NETWORK, 'utf8'));
  writeFileSync(at('network.json'), JSON.stringify({ ...genesis, committee: committee(1) }));
  writeFileSync(at('next.json'), JSON.stringify({ ...genesis, committee: committee(2) }));
  members.forEach((key, index) =>
    writeFileSync(at(`${index + 1}.key`), key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 }),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const where = (network = 'network.json') => ({ data: folder, network: at(network) });
const sign = (member: string, network?: string) =>
  signPlaybook(screen, folder, { ...where(network), key: at(`${member}.key`), yes: true });
const signed = () => JSON.parse(readFileSync(at('playbook.signed.json'), 'utf8'));
const validate = (network?: string) => validatePlaybook(folder, where(network));
const edit = (from: string, to: string): void => {
  const text = readFileSync(at('playbook.yaml'), 'utf8');
  expect(text).toContain(from);
  writeFileSync(at('playbook.yaml'), text.replace(from, to));
};

test('a playbook is signed once a change quorum of seats has signed its plan, and one member is one seat', async () => {
  expect(validate()).toMatchObject({
    data: { valid: true, signed: false },
    lines: expect.arrayContaining(['  signed  by nobody']),
  });
  expect((await sign('1')).data).toMatchObject({ have: 1, need: 2 });
  expect((await sign('1')).data).toMatchObject({ have: 1, need: 2 });
  expect(() => validate()).toThrow(expect.objectContaining({ code: 'policy.endorsement-quorum' }));
  await sign('2');
  expect(validate().data).toMatchObject({ signed: true });
});

test('an edit of its meaning voids the signatures, a comment does not', async () => {
  await sign('1');
  await sign('2');
  edit('playbook: 1\n', '# reviewed\nplaybook: 1\n');
  expect(validate().data).toMatchObject({ signed: true });
  edit('reason: offline }', 'reason: away }');
  expect(() => validate()).toThrow(expect.objectContaining({ code: 'policy.endorsement-plan' }));
  expect((await sign('3')).data).toMatchObject({ have: 1 });
});

test('signatures end with the committee that gave them', async () => {
  await sign('1');
  await sign('2');
  expect(() => validate('next.json')).toThrow(expect.objectContaining({ code: 'policy.endorsement-committee' }));
});

test('whoever forgets --chain drops none of the signatures of a later committee, and those of an earlier one make way', async () => {
  await sign('1');
  await sign('2', 'next.json');
  const later = signed();
  expect([later.endorsement.committeeEpoch, later.signatures]).toEqual([2, [expect.anything()]]);
  await expect(sign('3')).rejects.toMatchObject({
    code: 'policy.endorsement-committee',
    message: expect.stringMatching(/signed by the committee of epoch 2, .* leads to epoch 1: give --chain$/),
  });
  edit('reason: offline }', 'reason: away }');
  await expect(sign('3')).rejects.toMatchObject({ code: 'policy.endorsement-committee' });
  expect(signed()).toEqual(later);
});

test('those of a later committee of another network make way', async () => {
  const genesis = JSON.parse(readFileSync(at('next.json'), 'utf8'));
  writeFileSync(at('next.json'), JSON.stringify({ ...genesis, name: 'elsewhere' }));
  await sign('1', 'next.json');
  expect((await sign('2')).data).toMatchObject({ have: 1 });
});

test('a member whose data folder has validators that say a later epoch is warned before signing', async () => {
  const validators = await epochSayers(folder, [2]);
  try {
    const { data } = await signPlaybook(screen, folder, { data: folder, key: at('1.key'), yes: true });
    expect(data['warning']).toMatch(/^1 of 1 validators .* epoch 2 .*: give --chain$/);
    expect(shown).toMatch(/WARNING 1 of 1 validators .* epoch 2 .*: give --chain/);
  } finally {
    validators.close();
  }
});

test('a flipped bit of a signature is a missing seat', async () => {
  await sign('1');
  await sign('2');
  const forged = signed();
  const { signature } = forged.signatures[0];
  forged.signatures[0].signature = (signature[0] === '0' ? '1' : '0') + signature.slice(1);
  writeFileSync(at('playbook.signed.json'), JSON.stringify(forged));
  expect(() => validate()).toThrow(expect.objectContaining({ code: 'policy.endorsement-quorum' }));
});

test("nobody signs without being asked, with a stranger's key, or what cannot be loaded", async () => {
  const options = { ...where(), key: at('1.key') };
  await expect(signPlaybook(screen, folder, options)).rejects.toMatchObject({
    code: 'input.question-without-terminal',
  });
  const stranger = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(at('stranger.key'), stranger, { mode: 0o600 });
  await expect(sign('stranger')).rejects.toMatchObject({ code: 'input.key-seatless' });
  edit('action: validator.pause', 'action: validator.puase');
  expect(await sign('1')).toMatchObject({ exitCode: 2, data: { valid: false } });
  expect(() => readFileSync(at('playbook.signed.json'))).toThrow('ENOENT');
});
