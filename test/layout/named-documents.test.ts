import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');
const NAMED = /\bdocs\/[\w./-]+\.md\b/g;

const missingIn = (text: string): string[] => (text.match(NAMED) ?? []).filter((path) => !existsSync(join(ROOT, path)));

test('every document that a message, a comment or a page names is there', () => {
  const listed = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.cjs', '*.md', '*.proto', '*.yaml'], {
    cwd: ROOT,
  });
  const files = listed.toString('utf8').trim().split('\n');
  expect(files.length).toBeGreaterThan(500);
  const dangling = files
    .filter((file) => !file.startsWith('test/layout/') && existsSync(join(ROOT, file)))
    .flatMap((file) => missingIn(readFileSync(join(ROOT, file), 'utf8')).map((path) => `${file}: ${path}`));
  expect(dangling).toEqual([]);
});

test('a document that is not there is found', () => {
  expect(missingIn('see docs/operations/nowhere.md.')).toEqual(['docs/operations/nowhere.md']);
});

const LINK = /\]\(([^)#\s]+\.md)(?:#[^)]*)?\)/g;

/** Paths that the links of a page lead to, relative to the root. */
const linkedFrom = (page: string, text: string): string[] =>
  [...text.matchAll(LINK)].map(([, target]) => normalize(join(dirname(page), target ?? '')));

/** Every page that a reader gets to who begins at the README and only follows links. */
function reachable(read: (page: string) => string | undefined): Set<string> {
  const seen = new Set(['README.md']);
  for (const page of seen) for (const next of linkedFrom(page, read(page) ?? '')) seen.add(next);
  return seen;
}

test('every page of docs/ is reached from the README by links', () => {
  const listed = execFileSync('git', ['ls-files', 'docs/*.md'], { cwd: ROOT }).toString('utf8').trim().split('\n');
  const pages = reachable((page) =>
    existsSync(join(ROOT, page)) ? readFileSync(join(ROOT, page), 'utf8') : undefined,
  );
  expect(pages.size).toBeGreaterThan(20);
  expect(listed.filter((page) => !pages.has(page) && existsSync(join(ROOT, page)))).toEqual([]);
});

test('a page that nothing links to is found', () => {
  const pages = reachable((page) => ({ 'README.md': 'see [b](docs/b.md#top)', 'docs/b.md': '[c](../c.md)' })[page]);
  expect([...pages]).toEqual(['README.md', 'docs/b.md', 'c.md']);
  expect(pages.has('docs/nobody-links-here.md')).toBe(false);
});
