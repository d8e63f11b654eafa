import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { parseToml, readBounded, readText } from './settings-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'firebreak-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'x.toml');
const write = (bytes: string | Uint8Array) => writeFileSync(file, bytes);

test('a file as large as allowed is read, and one byte more is refused by its name', () => {
  write('1234');
  expect(readBounded(file, 'list', 4, 'input.test').toString()).toBe('1234');
  expect(() => readBounded(file, 'list', 3, 'input.test')).toThrow(
    expect.objectContaining({ code: 'input.test', message: `cannot read the list ${file}: it has more than 3 bytes` }),
  );
});

test('text is UTF-8 or refused', () => {
  write('größe');
  expect(readText(file, 'list', 100, 'input.test')).toBe('größe');
  write(Uint8Array.of(0xff, 0xfe));
  expect(() => readText(file, 'list', 100, 'input.test')).toThrow(`cannot read the list ${file}`);
});

test('what is no TOML is refused with line and column', () => {
  expect(parseToml('a = 1', file, 'input.test')).toEqual({ a: 1 });
  expect(() => parseToml('a = 1\nb = = 2', file, 'input.test')).toThrow(
    expect.objectContaining({ code: 'input.test', message: expect.stringMatching(/x\.toml:2: column \d+: \S/) }),
  );
});
