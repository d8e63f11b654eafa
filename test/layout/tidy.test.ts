import { describe, expect, test } from '@jest/globals';
import { projectFiles, type TextFile, tidyRules } from './tidy.ts';

/** One breach per rule, and near misses that must pass. */
const seeds: Readonly<Record<keyof typeof tidyRules, { bad: readonly TextFile[]; good: readonly TextFile[] }>> = {
  'no file is longer than a reader can hold': {
    bad: [{ file: 'domain/long.ts', text: 'x\n'.repeat(400) }],
    good: [
      { file: 'domain/fits.ts', text: 'x\n'.repeat(399) },
      { file: 'wire/generated/long_pb.js', text: 'x\n'.repeat(4_000) },
    ],
  },
  'no folder hides a word that nobody has found': {
    bad: [
      { file: 'domain/utils/text.ts', text: '' },
      { file: 'cli/helpers/a.ts', text: '' },
    ],
    good: [{ file: 'domain/common-prefix/text.ts', text: '' }],
  },
  'no file knows the machine it was written on': {
    bad: [
      { file: 'docs/a.md', text: ['see ', 'root', 'notes.md'].join('/').replace(' /', ' /') },
      { file: 'docs/b.md', text: ['"', 'home', 'ada', 'firebreak"'].join('/') },
    ],
    good: [{ file: 'docs/c.md', text: 'http://host/work/x, ./home/a/b, ~/work/, /var/lib/firebreak' }],
  },
  'the lock file names no registry': {
    bad: [{ file: 'package-lock.json', text: '{ "resolved": "https://registry.example/x.tgz" }' }],
    good: [{ file: 'package-lock.json', text: '{ "version": "1.0.0" }' }],
  },
  'no file puts work off in a comment': {
    bad: [{ file: 'domain/later.ts', text: '// TODO' }],
    good: [{ file: 'domain/now.ts', text: '// TODOS' }],
  },
  'a script that people start with the Node they have asks nothing that only newer ones know': {
    bad: [{ file: 'docs/reference-formats/a.mjs', text: 'if (import.meta.main) {' }],
    good: [
      { file: 'domain/a.ts', text: 'if (import.meta.main) {' },
      { file: 'docs/b.mjs', text: 'import.meta.url' },
    ],
  },
  'no file switches a check off': {
    bad: [{ file: 'domain/quiet.ts', text: '// @ts-ignore' }],
    good: [{ file: 'domain/loud.ts', text: '// ts' }],
  },
};

describe('the tree', () => {
  const files = projectFiles();

  test('is read from git', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(Object.keys(seeds)).toEqual(Object.keys(tidyRules));
  });

  test.each(Object.keys(tidyRules))('%s', (name) => {
    const breach = tidyRules[name];
    const seed = seeds[name];
    if (!breach || !seed) throw new Error(`${name} has no seed`);
    for (const file of seed.bad) expect(breach(file)).toContain(file.file);
    for (const file of seed.good) expect(breach(file)).toBeUndefined();
    expect(files.map(breach).filter(Boolean)).toEqual([]);
  });
});
