import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { bundleWorkflows, cachedBundle } from '../../workers/bundle.ts';

test('the workflows bundle with nothing ignored and without what does not belong in the sandbox', async () => {
  const { code } = await bundleWorkflows();
  for (const stranger of [
    'node_modules/zod',
    'node_modules/@bufbuild/protobuf',
    'libp2p',
    'activities/asking',
    'activities/playbook/',
    'language/',
    'wire/envelope',
  ]) {
    expect(code.includes(stranger)).toBe(false);
  }
  expect(code.includes('workflows/pay-out/workflow')).toBe(true);
  expect(code.includes('workflows/run-playbook/workflow')).toBe(true);
});

test('a workflow that reaches for Node is refused by the bundler', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  const workflowsPath = join(folder, 'impure.ts');
  await writeFile(
    workflowsPath,
    `import { readFileSync } from 'node:fs';\nexport async function impure() { return readFileSync('x').length; }\n`,
  );
  try {
    const quiet = new DefaultLogger('ERROR', () => undefined);
    await expect(bundleWorkflowCode({ workflowsPath, logger: quiet })).rejects.toThrow();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a bundle is built once per content, so that a standby starts from a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
    const first = await cachedBundle(folder);
    const { mtimeMs } = await stat(first);
    expect(await cachedBundle(folder)).toBe(first);
    expect((await stat(first)).mtimeMs).toBe(mtimeMs);
    await rm(first);
    expect(await Promise.all([cachedBundle(folder), cachedBundle(folder)])).toEqual([first, first]);
    expect(await readdir(folder)).toEqual([basename(first)]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a bundle that was just built stays, and the oldest of the others go, whatever their names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
    // Of any six names some sort before the new one and some after it: the ends of the alphabet are both here.
    const earlier = ['0', '1', '2', 'd', 'e', 'f'].map((digit) => `workflows-${digit.repeat(32)}.js`);
    for (const [age, name] of earlier.entries()) {
      await writeFile(join(folder, name), '');
      const atSeconds = 1_700_000_000 - age;
      await utimes(join(folder, name), atSeconds, atSeconds);
    }
    const built = await cachedBundle(folder);
    expect((await stat(built)).size).toBeGreaterThan(0);
    expect((await readdir(folder)).sort()).toEqual([...earlier.slice(0, 4), basename(built)].sort());
  } finally {
    await rm(folder, { recursive: true });
  }
});
