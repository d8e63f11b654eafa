import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';

const module = pathToFileURL(join(import.meta.dirname, 'failure.ts')).href;

test('a failure of another copy of the module is a failure; what only looks like one is not', () => {
  const script = `
    const { FirebreakFailure: ours } = await import('${module}');
    const { FirebreakFailure: theirs } = await import('${module}?another-copy');
    const lookalike = Object.assign(new Error('x'), { name: 'FirebreakFailure', code: 'bug.x' });
    console.log(JSON.stringify([ours === theirs, ...[new theirs('bug.x', 'x'), lookalike, null, 'x'].map((it) => it instanceof ours)]));
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual([false, true, false, false, false]);
});
