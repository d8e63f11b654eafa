import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SHIPPED_FOLDER, writePlaybooks } from './shipped-playbooks.ts';

let playbooks = '';
beforeEach(() => {
  playbooks = join(mkdtempSync(join(tmpdir(), 'firebreak-shipped-')), 'playbooks');
});
afterEach(() => rmSync(join(playbooks, '..'), { recursive: true }));

const file = (name: string): string => join(playbooks, name);
const text = (name: string): string => readFileSync(file(name), 'utf8');
const shipped = (): string => readFileSync(join(SHIPPED_FOLDER, 'catalogue.yaml'), 'utf8');

/** What a start of another build would have left: its own catalogue, and that it had written it. */
function writtenByAnotherBuild(): void {
  writePlaybooks({ playbooks });
  appendFileSync(file('catalogue.yaml'), '# of another build\n');
  rmSync(file('.catalogue-written'));
}

test('a catalogue to which somebody has added a channel outlives every start', () => {
  expect(writePlaybooks({ playbooks })).toEqual([]);
  expect(text('catalogue.yaml')).toBe(shipped());
  appendFileSync(file('catalogue.yaml'), '# bell\n');
  expect(writePlaybooks({ playbooks })).toEqual([]);
  expect(text('catalogue.yaml')).toBe(`${shipped()}# bell\n`);
});

test('one that nobody has changed is what ships by now, and one that somebody has changed is said to be behind', () => {
  writePlaybooks({ playbooks });
  const record = text('.catalogue-written');
  writeFileSync(file('.catalogue-written'), `${'0'.repeat(64)}\n`);
  expect(writePlaybooks({ playbooks })).toEqual([]);
  expect(text('.catalogue-written')).toBe(record);

  appendFileSync(file('catalogue.yaml'), '# bell\n');
  writeFileSync(file('.catalogue-written'), `${'0'.repeat(64)}\n`);
  expect(writePlaybooks({ playbooks })).toEqual([expect.stringContaining('was changed here and stays')]);
  expect(text('catalogue.yaml')).toContain('# bell');
});

test('a folder of a build that kept no record gets what ships, and what lay there stays beside it', () => {
  writtenByAnotherBuild();
  expect(writePlaybooks({ playbooks })).toEqual([expect.stringContaining('catalogue.yaml.before')]);
  expect(text('catalogue.yaml')).toBe(shipped());
  expect(text('catalogue.yaml.before')).toContain('# of another build');
});
