import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const ours = (text: string): string[] =>
  [...text.matchAll(/from '(\.[^']+)'/g)]
    .map(([, path]) => path ?? '')
    .filter((path) => !path.endsWith('host-settings.ts'));

test('the bare host of the benchmark has the settings of a validator and loads nothing of ours', () => {
  expect(ours(read('./host-settings.ts'))).toEqual([]);
  const bare = read('../../bench/bare-libp2p.ts');
  expect(ours(bare)).toEqual([]);
  const names = [...bare.matchAll(/\b(?:[A-Z]+_SETTINGS|connectionSettings)\b/g)].map(([name]) => name);
  const validator = read('../../validator/custody/p2p/node.ts');
  expect(new Set(names).size).toBe(5);
  for (const name of names) expect(validator).toContain(name);
});
