import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

/** Only a deadline, which holds no process, stands between this work and its end. */
const WORK = "new Promise((resolve) => AbortSignal.timeout(200).addEventListener('abort', () => resolve('answered')))";

function runs(program: string) {
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout: stdout.trim() };
}

test('a verb that waits for nothing but a deadline lives to see it', () => {
  const module = new URL('./awake.ts', import.meta.url).href;
  const program = `import { awake } from '${module}'; console.log(await awake(${WORK}));`;
  expect(runs(program)).toEqual({ status: 0, stdout: 'answered' });
});

test('without being kept awake the same process ends in the middle', () => {
  expect(runs(`console.log(await ${WORK});`)).toEqual({ status: 13, stdout: '' });
});

test.each(['api', 'bench', 'cli', 'devnet', 'validator', 'workers'])(
  'the process of %s waits for nothing at its top level that does not keep it awake',
  (room) => {
    const text = readFileSync(new URL(`../${room}/main.ts`, import.meta.url), 'utf8');
    const topLevel = text.matchAll(/^(?:try \{\n(?: {2}.*\n)*? {2})?(?:process\.exitCode = )?await (\w+)/gm);
    expect([...topLevel].map(([, awaited]) => awaited)).toEqual(['awake']);
  },
);
