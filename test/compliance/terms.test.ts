import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { memory } from '../../plugins/terms/memory/index.ts';
import { signedRegistry } from '../../plugins/terms/signed-registry/index.ts';
import { TERMS_GENESIS, termsCompliance } from '../../plugins/testkit/terms.ts';

const genesis = TERMS_GENESIS;

termsCompliance('terms/memory', { test, expect }, async () => ({
  source: memory({})({ dir: '', genesis }),
  dispose: async () => undefined,
}));

termsCompliance('terms/signed-registry', { test, expect }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'firebreak-terms-'));
  const reopen = async () => {
    const source = signedRegistry({ folder: 'terms' })({ dir, genesis });
    await source.start?.(new AbortController().signal);
    return source;
  };
  return {
    source: await reopen(),
    reopen,
    tamper: async (vault, change) => {
      const path = join(dir, 'terms', `${vault}.json`);
      await writeFile(path, change(await readFile(path, 'utf8')));
    },
    dispose: () => rm(dir, { recursive: true }),
  };
});
