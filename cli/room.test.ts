import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-room-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['api', []],
  ['watchdog', ['--webhook', 'http://127.0.0.1:1/page']],
])(
  'what makes the settings of the %s ends with the command to type next, as whoever came by npm types it',
  (name, more) => {
    const said = execFileSync(process.execPath, [MAIN, name, 'init', '--dir', folder, ...more], {
      encoding: 'utf8',
      env: { ...process.env, npm_lifecycle_event: 'firebreak' },
    });
    expect(said).toContain(`next: npm run firebreak -- ${name} run --config ${join(folder, `${name}.toml`)}\n`);
  },
);
