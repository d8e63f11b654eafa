import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { ToolchainFailure } from './failure.mjs';
import { createProgress } from './progress.mjs';

function listening(live = false) {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { progress: createProgress({ stream: stream as NodeJS.WriteStream, live }), text: () => text };
}

describe('the progress display', () => {
  test('ends a step with one line: title, summary, time', async () => {
    const { progress, text } = listening();
    const result = await progress.step('btcd 0.26.2', async (step) => {
      step.count(3, 286);
      step.done('built');
      return 7;
    });
    expect(result).toBe(7);
    expect(text()).toBe('✔ btcd 0.26.2  built  0 s\n');
  });

  test('shows the last twenty lines of a failed step, where the rest is and what to do', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-progress-'));
    const log = path.join(folder, 'build.log');
    writeFileSync(log, Array.from({ length: 50 }, (_, index) => `line ${index + 1}\n`).join(''));
    const { progress, text } = listening();
    const result = await progress.step('btcd', async () => {
      throw new ToolchainFailure('unavailable.tool-build', 'go build failed', { log });
    });
    const shown = text();
    expect(result).toBeUndefined();
    expect(progress.failures()).toBe(1);
    expect(shown).toContain('✘ btcd');
    expect(shown).toContain('│ line 31\n');
    expect(shown).toContain('│ line 50\n');
    expect(shown).not.toContain('line 30\n');
    expect(shown).toContain(`the whole log: ${log}`);
    expect(shown).toContain('unavailable.tool-build');
    rmSync(folder, { recursive: true, force: true });
  });

  test('shows steps that run beside each other on one line', async () => {
    const { progress, text } = listening(true);
    await progress.step('one', () => progress.step('two', async () => undefined));
    expect(text()).toContain('\r\x1b[K… one  0 s  … two  0 s\r\x1b[K✔ two  0 s\n\r\x1b[K✔ one  0 s\n');
  });

  test('does not swallow a bug', async () => {
    const { progress } = listening();
    await expect(progress.step('x', async () => Promise.reject(new TypeError('bug')))).rejects.toThrow(TypeError);
  });
});
