import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KeysetId, PublicKeyPackage } from '../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { validatorId } from '../domain/network/network.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import { validatorToml } from './config/write.ts';
import { writeInterchange } from './custody/interchange/file.ts';
import { ownerIn } from './custody/interchange/interchange.ts';
import { openJournal } from './custody/journal/open.ts';
import { NOTHING, outpointOf, payoutOf } from './custody/testkit/copies.ts';
import { signOrder, testNetwork } from './custody/testkit/network.ts';
import { journalCommand } from './journal-command.ts';

const network = testNetwork(3, 2);
const genesis = {
  ...network.genesis,
  validators: network.genesis.validators.map((each) => ({ ...each, addresses: ['/ip4/127.0.0.1/tcp/1'] })),
};
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'firebreak-interchange-'));
  writeFileSync(join(root, 'network.json'), encodeDocument(genesis));
});
afterEach(() => rmSync(root, { recursive: true }));

/** The folder of a validator with its configuration; gives the path of the latter. */
function folder(name: string, id = 1): string {
  const dir = join(root, name);
  mkdirSync(dir);
  const options = {
    folder: dir,
    id,
    environment: genesis.environment,
    network: genesis.bitcoinNetwork,
    rpcUrls: ['http://127.0.0.1:1'],
    keyStorage: { type: 'file', passphraseFile: 'secret' },
    totalValidators: 3,
    threshold: 2,
    genesisFile: '../network.json',
  } as const;
  writeFileSync(join(dir, 'validator.toml'), validatorToml(options, 'identity.sealed'));
  return join(dir, 'validator.toml');
}
const journalIn = (name: string) => openJournal(join(root, name));
function signs(name: string, coin: number, feeSats = 500): void {
  const journal = journalIn(name);
  journal.releases.commit(payoutOf(`${name} ${coin} ${feeSats}`, { outpoints: [outpointOf(coin)], feeSats }, 5));
  journal.close();
}
const file = (name: string): string => join(root, name);
const codeOf = (...args: readonly string[]): string => {
  try {
    journalCommand(args);
    return 'none';
  } catch (error) {
    if (error instanceof FirebreakFailure) return error.code;
    throw error;
  }
};

test('what one copy signed goes through a file into the other one, once, and check says before whether it is needed', () => {
  const [a, b] = [folder('a'), folder('b')];
  signs('a', 1);
  signs('b', 2);
  journalCommand(['export', '--config', a, '--out', file('a.export')]);
  expect(statSync(file('a.export')).mode & 0o777).toBe(0o600);
  expect(journalCommand(['check', '--config', b, file('a.export')])).toMatchObject({
    exitCode: 1,
    data: { knows: false, locks: 1 },
  });
  expect(journalCommand(['import', '--config', b, file('a.export')]).data).toMatchObject({
    changed: true,
    locks: 2,
    nonces: 2,
  });
  expect(journalCommand(['import', '--config', b, file('a.export')]).data).toMatchObject({ changed: false, locks: 2 });
  expect(journalCommand(['check', '--config', b, file('a.export')])).toMatchObject({
    exitCode: 0,
    data: { knows: true },
  });
  expect(journalCommand(['check', '--config', b]).lines[0]).toContain('is whole');
  // A journal that took something is as whole as any other, by its own mark.
  expect(journalCommand(['check', '--config', b]).data).toMatchObject({ locks: 2 });
});

test('two exports are one after a merge, whichever is named first', () => {
  for (const [name, coin] of [
    ['a', 1],
    ['b', 2],
  ] as const) {
    folder(name);
    signs(name, coin);
    journalCommand(['export', '--config', file(`${name}/validator.toml`), '--out', file(`${name}.export`)]);
  }
  const [a, b] = [file('a.export'), file('b.export')];
  journalCommand(['merge', '--out', file('ab'), a, b]);
  journalCommand(['merge', '--out', file('ba'), b, a]);
  expect(readFileSync(file('ab'), 'utf8')).toBe(readFileSync(file('ba'), 'utf8'));
  expect(journalCommand(['import', '--config', folder('c'), file('ab')]).data).toMatchObject({ locks: 2 });
});

test('no share is in an export, and what a keystore sealed does not leave the folder', () => {
  const config = folder('a');
  const journal = journalIn('a');
  const sealedShare = new Uint8Array(Buffer.from('what only the keystore opens'));
  const keyset = '0123456789abcdef0123456789abcdef' as KeysetId;
  journal.keysets.seal({
    keyset,
    epoch: 1,
    package: { keyset, epoch: 1 } as PublicKeyPackage,
    sealedShare,
    sealedAtMs: 5,
  });
  journal.keysets.certify(keyset, new Uint8Array(Buffer.from('{"package":{}}')));
  journal.close();
  journalCommand(['export', '--config', config, '--out', file('a.export')]);
  const text = readFileSync(file('a.export'), 'utf8');
  expect(text).toContain(keyset);
  for (const encoding of ['utf8', 'hex', 'base64'] as const)
    expect(text).not.toContain(Buffer.from(sealedShare).toString(encoding).slice(0, 20));
});

test('a folder whose agent runs is neither exported nor imported into', () => {
  const config = folder('a');
  signs('a', 1);
  journalCommand(['export', '--config', config, '--out', file('a.export')]);
  const running = journalIn('a');
  expect(codeOf('import', '--config', config, file('a.export'))).toBe('conflict.journal-in-use');
  expect(codeOf('export', '--config', config, '--out', file('again'))).toBe('conflict.journal-in-use');
  running.close();
});

test('the export of another validator, or of another network, is refused', () => {
  const config = folder('a');
  signs('a', 1);
  journalCommand(['export', '--config', config, '--out', file('a.export')]);
  expect(codeOf('import', '--config', folder('b', 2), file('a.export'))).toBe('policy.interchange-identity');
  expect(existsSync(file('b/journal.sqlite'))).toBe(false);
  writeFileSync(file('network.json'), encodeDocument({ ...genesis, name: 'another' }));
  expect(codeOf('import', '--config', config, file('a.export'))).toBe('policy.interchange-identity');
});

test('an export with an order that nobody signed leaves no journal where none was, and nothing else', () => {
  const owner = ownerIn(genesis, validatorId(1));
  const signed = signOrder(network, { number: 1, kind: 'freeze', expiresAtSeconds: 2_000_000_000 }, 2);
  const order = { ...signed, signatures: signed.signatures.slice(0, 1) };
  writeFileSync(
    file('forged'),
    writeInterchange({ owner, remembered: NOTHING, epochs: [], order, uses: [], chainFreeze: undefined }),
  );
  const config = folder('a');
  const before = readdirSync(file('a'));
  expect(codeOf('import', '--config', config, file('forged'))).toBe('policy.interchange-document');
  expect(readdirSync(file('a'))).toEqual(before);
});

test('an export that lost a line, a byte or its end is refused whole', () => {
  const config = folder('a');
  for (const coin of [1, 2, 3]) signs('a', coin);
  journalCommand(['export', '--config', config, '--out', file('a.export')]);
  const text = readFileSync(file('a.export'), 'utf8');
  const lines = text.split('\n');
  const spoilt = [
    text.slice(0, -1),
    text.slice(0, text.length / 2),
    [...lines.slice(0, 2), ...lines.slice(3)].join('\n'),
    text.replace('"feeSats":500', '"feeSats":501'),
    text.replace('"version":1', '"version":2'),
    '',
  ];
  for (const each of spoilt) {
    writeFileSync(file('spoilt'), each);
    expect(codeOf('check', '--config', config, file('spoilt'))).toBe('input.interchange-file');
  }
  expect(codeOf('check', '--config', config, file('nowhere'))).toBe('input.interchange-place');
});

test.each([
  ['export without --out', ['export']],
  ['import of nothing', ['import']],
  ['merge of one', ['merge', '--out', 'merged', 'one']],
  ['check of two', ['check', 'one', 'two']],
  ['an unknown verb', ['burn']],
  ['an unknown option', ['check', '--nonsense']],
])('%s is no command', (_, args) => expect(codeOf(...args)).toBe('input.usage'));

test('an export never takes the place of a file, and none is made of a folder without a journal', () => {
  const config = folder('a');
  expect(codeOf('export', '--config', config, '--out', file('a.export'))).toBe('input.interchange-place');
  signs('a', 1);
  writeFileSync(file('a.export'), 'an older export');
  expect(codeOf('export', '--config', config, '--out', file('a.export'))).toBe('input.interchange-place');
  expect(readFileSync(file('a.export'), 'utf8')).toBe('an older export');
});

test('check says whether the folder holds a freeze of its own, and knows that of a file after the import', () => {
  const [one, other] = [folder('a'), folder('b')];
  signs('a', 1);
  signs('b', 1);
  const journal = openJournal(file('a'));
  const tip = { hash: 'ab'.repeat(32), height: 7 };
  journal.chainFreezes.begin({ tip, reason: 'policy.reorg-too-deep: 9 blocks', afterOrder: 0 }, 1);
  journal.close();
  journalCommand(['export', '--config', one, '--out', file('a.export')]);
  const check = () => journalCommand(['check', '--config', other, file('a.export')]);
  expect(check()).toMatchObject({ exitCode: 1, data: { ownFreezes: 0 } });
  expect(journalCommand(['import', '--config', other, file('a.export')])).toMatchObject({ data: { ownFreezes: 1 } });
  expect(check()).toMatchObject({ exitCode: 0, data: { ownFreezes: 1 } });
});
