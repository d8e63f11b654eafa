import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { bundleWorkflowCode, type Logger } from '@temporalio/worker';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { bundleWorkflows } from '../../workers/bundle.ts';

/** Keeps what the bundler says: its error names no reason, its log does. */
function listener(): { readonly logger: Logger; readonly heard: () => string } {
  const lines: string[] = [];
  const hear = (...words: unknown[]): undefined =>
    void lines.push(words.map((word) => JSON.stringify(word) ?? '').join(' '));
  return {
    logger: { log: hear, trace: hear, debug: hear, info: hear, warn: hear, error: hear },
    heard: () => lines.join('\n'),
  };
}

describe('the workflow bundle', () => {
  test('is built from workflows/index.ts with nothing ignored', async () => {
    const { code } = await bundleWorkflows(listener().logger);
    for (const workflow of ['generateKey', 'openVault', 'confirmDeposit', 'payOut']) expect(code).toContain(workflow);
  });

  test('is refused when something impure is reachable', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-bundle-'));
    try {
      symlinkSync(path.join(projectFolder, 'node_modules'), path.join(folder, 'node_modules'));
      const workflowsPath = path.join(folder, 'index.ts');
      writeFileSync(
        workflowsPath,
        "import { readFileSync } from 'node:fs';\nexport const leak = () => readFileSync('secret');\n",
      );
      const { logger, heard } = listener();
      await expect(bundleWorkflowCode({ workflowsPath, logger })).rejects.toThrow('finished with errors');
      expect(heard()).toContain('node:fs');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
