import { expect, test } from '@jest/globals';
import { recipes } from './recipes.mjs';
import { foundInWords } from './tools.mjs';

const [archived, built] = ['prometheus', 'btcd'].map((name) => recipes.find((recipe) => recipe.name === name));

test('a program that Debian gave in place of the pinned one says why its folder names another version', () => {
  if (archived === undefined || built === undefined) throw new Error('a recipe is missing');
  const { name } = archived;
  const words = (version: string, origin: 'cache' | 'path') =>
    foundInWords(archived, { name, version, origin, path: '/c/prometheus' });
  expect(words('2.42.0', 'cache')).toBe(
    `2.42.0, Debian's, in place of the pinned ${archived.version}, from cache: /c/prometheus`,
  );
  expect(words(archived.version, 'cache')).toBe(`${archived.version}, from cache: /c/prometheus`);
  expect(words('2.42.0', 'path')).toBe('2.42.0, from path: /c/prometheus');
  expect(foundInWords(built, { name: 'btcd', origin: 'system', path: '/usr/bin/btcd' })).toBe(
    'from system: /usr/bin/btcd',
  );
});
