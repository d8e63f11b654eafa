import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { endsForGood, untilReady } from './ready.ts';
import { openLedger } from './supervisor/ledger.ts';
import { launch, plainEnvironment } from './supervisor/launch.ts';
import { supervise, type Supervisor } from './supervisor/supervisor.ts';

let folder = '';
let supervisor: Supervisor;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-ready-'));
  supervisor = supervise(openLedger(join(folder, 'devnet.json'), { portBase: 7_233, keystore: 'file' }));
});
afterEach(async () => {
  await supervisor.stop();
  rmSync(folder, { recursive: true });
});

/** Waits for a program that never answers; resolves with the refusal and how often it had ended by then. */
async function refusalOf(code: string): Promise<{ readonly text: string; readonly exits: readonly string[] }> {
  const program = join(folder, 'program.ts');
  writeFileSync(program, code);
  const log = join(folder, 'program.log');
  const service = await supervisor.run({
    name: 'program',
    group: 'program',
    log,
    start: () => launch({ command: process.execPath, args: [program], cwd: folder, env: plainEnvironment(), log }),
  });
  const isLost = (): boolean => endsForGood(service, log);
  const refused = untilReady({ what: 'the program', log, timeoutMs: 25_000, isLost }, async () => undefined);
  const text = await refused.then(String, (error: Error) => error.message);
  return { text, exits: service.exits() };
}

test.each([
  ['that is no TypeScript', 'const = 1;', 'SyntaxError'],
  ['that imports what is not there', "import './absent.ts';", 'absent.ts'],
  ['whose settings are wrong', "console.error('line 7 is wrong'); process.exit(2);", 'line 7 is wrong'],
])('a program %s is not started again and again: its last words are the reason', async (_what, code, words) => {
  const { text, exits } = await refusalOf(code);
  expect(text).toContain('the program keeps ending');
  expect(text).toContain(words);
  expect(exits.length).toBeLessThanOrEqual(2);
});

test('one that ends for another reason has two more starts', async () => {
  const { text, exits } = await refusalOf("console.error('Temporal is away'); process.exit(1);");
  expect(text).toContain('Temporal is away');
  expect(exits).toEqual(['exit code 1', 'exit code 1', 'exit code 1']);
});

test('what a signal ended is counted for nothing', () => {
  expect(endsForGood({ isLost: () => false, exits: () => [] }, join(folder, 'no.log'))).toBe(false);
  expect(endsForGood({ isLost: () => true, exits: () => [] }, join(folder, 'no.log'))).toBe(true);
});
