import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

test('a verb whose reader goes away ends as it would have ended, and says nothing of it', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), 'plugins', 'list'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (!text.includes('ExperimentalWarning')) complaint += text;
  });
  const [code] = await once(child, 'close');
  expect([code, complaint]).toEqual([0, '']);
});
