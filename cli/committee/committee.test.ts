import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { genesis as base } from '../../domain/approval/testkit/voting.ts';
import type { Committee } from '../../domain/committee/committee.ts';
import { epochDigest, type SignedEpoch } from '../../domain/committee/epoch.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { parseCommittee, parseNetworkGenesis } from '../../wire/documents/index.ts';
import { readChain } from '../documents.ts';
import { ed25519PublicHex } from '../files.ts';
import type { Screen } from '../screen.ts';
import { epochSayers } from './testkit/epoch-sayers.ts';
import { proposeCommittee } from './propose.ts';
import { showCommittee } from './show.ts';
import { signCommittee } from './sign.ts';
import { verifyCommittee } from './verify.ts';
import { describeHandOver } from './words.ts';

const keys = ['ann', 'bo', 'cy', 'dan'].map((name) => ({ name, secret: generateKeyPairSync('ed25519').privateKey }));
const member = (name: string) => {
  const key = keys.find((each) => each.name === name);
  if (key === undefined) throw new Error(`no key for ${name}`);
  return { name, key: ed25519PublicHex(key.secret) };
};
const pinned: NetworkGenesis = {
  ...base,
  committee: { epoch: 1, members: ['ann', 'bo', 'cy'].map(member), quorum: { freeze: 1, lift: 2 } },
};

let folder = '';
let shown = '';
const screen: Screen = { out: (text) => void (shown += text), err: () => undefined, colour: false, interactive: false };
const at = (name: string): string => join(folder, name);
const where = (chain?: string) => ({
  data: folder,
  network: at('network.json'),
  ...(chain ? { chain: at(chain) } : {}),
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-committee-'));
  shown = '';
  writeFileSync(at('network.json'), JSON.stringify(pinned));
  for (const { name, secret } of keys) {
    writeFileSync(at(`${name}.key`), secret.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Dan comes for ann; the draft is what `show --out` writes, edited. */
async function proposed(change: Partial<Committee> = {}): Promise<string> {
  showCommittee({ ...where(), out: at('draft.json') });
  const draft = JSON.parse(readFileSync(at('draft.json'), 'utf8')) as Committee;
  const next = { ...draft, members: ['bo', 'cy', 'dan'].map(member), ...change };
  writeFileSync(at('draft.json'), JSON.stringify(next));
  await proposeCommittee(at('draft.json'), { ...where(), reason: 'yearly election', out: at('epoch.json') });
  return at('epoch.json');
}
const sign = (file: string, name: string, chain?: string) =>
  signCommittee(screen, file, { ...where(chain), key: at(`${name}.key`), yes: true });

test('a key that keeps its seat under another name, or becomes a deputy, is said: nobody comes and nobody goes', () => {
  const [ann, bo, cy] = ['ann', 'bo', 'cy'].map(member);
  if (ann === undefined || bo === undefined || cy === undefined) throw new Error('three members are there');
  const says = (members: Committee['members']): string =>
    describeHandOver(pinned.committee, {
      epoch: { version: 1, committee: { ...pinned.committee, epoch: 2, members }, reason: 'x' } as never,
      signatures: [],
    }).join('\n');
  const text = says([{ ...bo, name: 'robert', deputy: ann }, cy]);
  expect(text).toMatch(/leave +nobody/);
  expect(text).toMatch(/change +ann → ann, deputy of robert \([0-9a-f]{16}\), bo → robert \([0-9a-f]{16}\)/);
  expect(says([ann, bo])).not.toContain('change   ');
});

test('a hand-over goes from draft to chain, and the chain leads to the new committee', async () => {
  const file = await proposed();
  expect((await sign(file, 'bo')).data).toMatchObject({ complete: false });
  expect((await sign(file, 'cy')).data).toMatchObject({ complete: true });
  expect(verifyCommittee(file, { ...where(), out: at('chain.json') })).toMatchObject({
    exitCode: 0,
    data: { valid: true },
    next: `committee hand ${at('chain.json')}`,
  });
  expect(showCommittee(where('chain.json')).data).toMatchObject({
    committee: { epoch: 2, members: [{ name: 'bo' }, { name: 'cy' }, { name: 'dan' }] },
    former: [member('ann').key],
  });
});

test('a member reads who leaves, who comes and the digest computed here, before signing', async () => {
  const file = await proposed();
  await sign(file, 'bo');
  const { epoch } = JSON.parse(readFileSync(file, 'utf8')) as SignedEpoch;
  expect(shown).toContain('HAND OVER: committee of epoch 2 follows that of 1');
  expect(shown).toMatch(/leave +ann/);
  expect(shown).toMatch(/come +dan/);
  expect(shown).toMatch(/ends +what that of 1 has signed: playbooks .* and grants/);
  expect(shown).toContain(`${epochDigest(epoch)} (computed here)`);
});

test('a draft that could be changed by two groups at once is not even proposed', async () => {
  await expect(proposed({ quorum: { freeze: 1, lift: 1, change: 1 } })).rejects.toMatchObject({
    code: 'policy.committee-rules',
  });
});

test('a draft of a later committee than the files lead to is not proposed: it would be a rival of the one in force', async () => {
  await expect(proposed({ epoch: 2 })).rejects.toMatchObject({
    code: 'input.draft-later',
    message: expect.stringContaining(
      'is of epoch 2, and what was given here leads to epoch 1: give --chain, or write 1',
    ),
  });
});

test('a draft in which a person wrote the number of the next epoch is proposed where validators follow no later one', async () => {
  await proposed();
  const propose = async (epoch: number) => {
    const draft = JSON.parse(readFileSync(at('draft.json'), 'utf8')) as Committee;
    writeFileSync(at('draft.json'), JSON.stringify({ ...draft, epoch }));
    rmSync(at('epoch.json'));
    return proposeCommittee(at('draft.json'), { data: folder, reason: 'yearly election', out: at('epoch.json') });
  };
  const epochs = [1, 1, 2];
  const validators = await epochSayers(folder, epochs);
  try {
    const before = readFileSync(at('epoch.json'), 'utf8');
    await propose(2);
    expect(readFileSync(at('epoch.json'), 'utf8')).toBe(before);
    await expect(propose(3)).rejects.toMatchObject({ code: 'input.draft-later' });
    writeFileSync(at('epoch.json'), before);
    epochs[0] = 2;
    await expect(propose(2)).rejects.toMatchObject({ code: 'input.draft-later' });
  } finally {
    validators.close();
  }
});

test('whoever has a seat in neither committee is told that both were looked at', async () => {
  const file = await proposed();
  const stranger = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(at('stranger.key'), stranger, { mode: 0o600 });
  await expect(sign(file, 'stranger')).rejects.toMatchObject({
    code: 'input.key-seatless',
    message: expect.stringContaining('neither in the committee of epoch 1 nor in that of epoch 2'),
  });
});

test('a hand-over that is given as a chain is called one, and says how the chain is made', async () => {
  const file = await proposed();
  expect(() => readChain(file)).toThrow(expect.objectContaining({ code: 'input.chain-epoch' }));
  writeFileSync(at('other.json'), '{"version":7}');
  expect(() => readChain(at('other.json'))).toThrow(expect.objectContaining({ code: 'input.document-field' }));
});

test('a proposal that was altered after a signature is not signed any further', async () => {
  const file = await proposed();
  await sign(file, 'bo');
  const signed = JSON.parse(readFileSync(file, 'utf8')) as SignedEpoch;
  writeFileSync(file, JSON.stringify({ ...signed, epoch: { ...signed.epoch, reason: 'another reason' } }));
  await expect(sign(file, 'cy')).rejects.toMatchObject({ code: 'policy.epoch-signature' });
});

test('an incomplete hand-over is not valid and makes no chain', async () => {
  const file = await proposed();
  await sign(file, 'bo');
  expect(verifyCommittee(file, { ...where(), out: at('chain.json') })).toMatchObject({
    exitCode: 1,
    data: { valid: false, refusal: { code: 'policy.epoch-quorum' } },
  });
  expect(() => readFileSync(at('chain.json'))).toThrow(/ENOENT/);
});

test('signatures of the old committee alone do not install one that has never signed', async () => {
  const file = await proposed({ members: ['cy', 'dan'].map(member), quorum: { freeze: 1, lift: 2, change: 2 } });
  await sign(file, 'ann');
  await sign(file, 'bo');
  expect(verifyCommittee(file, where()).data).toMatchObject({ refusal: { code: 'policy.epoch-unproven' } });
  await sign(file, 'cy');
  await sign(file, 'dan');
  expect(verifyCommittee(file, where()).data).toMatchObject({ valid: true });
});

test('a chain that does not begin at the pinned committee is refused with its reason', async () => {
  const file = await proposed();
  await sign(file, 'bo');
  await sign(file, 'cy');
  verifyCommittee(file, { ...where(), out: at('chain.json') });
  writeFileSync(at('network.json'), JSON.stringify({ ...pinned, environment: 'drill' }));
  expect(() => showCommittee(where('chain.json'))).toThrow(
    expect.objectContaining({ code: 'policy.epoch-environment' }),
  );
});

test('a deputy that comes is called one, and what is missing is said of the committee that it is missing from', async () => {
  const members = [member('ann'), { ...member('bo'), deputy: member('dan') }, member('cy')];
  const file = await proposed({ members });
  const { lines } = await sign(file, 'bo');
  expect(verifyCommittee(file, where()).lines.join('\n')).toMatch(/come +dan, deputy of bo \([0-9a-f]{16}\)/);
  expect(lines.join('\n')).toContain(
    '1 of the 2 seats that must sign have signed for the committee of epoch 1, which hands over',
  );
});

test('the files that the guides show are read as they stand there', () => {
  const shown = (page: string): string => {
    const text = readFileSync(new URL(`../../docs/operations/${page}`, import.meta.url), 'utf8');
    return /```json\n([^]*?)```/.exec(text)?.[1] ?? '';
  };
  const { committee } = JSON.parse(`{${shown('committee.md')}}`);
  expect(parseCommittee(JSON.stringify(committee), 'committee.md')).toMatchObject({
    members: [{ name: 'ann', deputy: { name: 'eve' } }, { name: 'ben' }, { name: 'cyd' }],
    quorum: { freeze: 1, lift: 2, change: 2 },
  });
  expect(parseNetworkGenesis(shown('network.md'), 'network.md')).toMatchObject({
    threshold: 2,
    validators: [1, 2, 3].map((id) => ({ id })),
  });
});
