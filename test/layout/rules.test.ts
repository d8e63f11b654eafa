import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { allowed, type Seed, seeds, targets } from './rule-seeds.ts';

type Violation = { readonly from: string; readonly rule: { readonly name: string } };

const rulesFile = path.join(projectFolder, 'toolchain', 'dependency-rules.cjs');
const rules: { forbidden: { name: string; comment: string }[] } = createRequire(import.meta.url)(rulesFile);

describe('the import rules', () => {
  let tree: string;
  let violations: readonly Violation[];

  beforeAll(() => {
    tree = mkdtempSync(path.join(os.tmpdir(), 'firebreak-rules-'));
    symlinkSync(path.join(projectFolder, 'node_modules'), path.join(tree, 'node_modules'));
    for (const seed of [...targets, ...allowed, ...Object.values(seeds).flat()]) write(tree, seed);
    for (const file of ['package.json', 'tsconfig.json'])
      symlinkSync(path.join(projectFolder, file), path.join(tree, file));
    violations = cruise(tree);
  });

  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  test('have one seeded violation each', () => {
    expect(Object.keys(seeds).sort()).toEqual(rules.forbidden.map((rule) => rule.name).sort());
  });

  test.each(Object.keys(seeds))('%s catches its seeded violation', (name) => {
    const caught = violations.filter((violation) => violation.rule.name === name).map((violation) => violation.from);
    expect(caught).toContain(seeds[name]?.[0]?.file);
  });

  test('let every permitted import through', () => {
    const permitted = new Set([...targets, ...allowed].map((seed) => seed.file));
    expect(violations.filter((violation) => permitted.has(violation.from))).toEqual([]);
  });

  test('give advice in a sentence', () => {
    for (const rule of rules.forbidden) expect(`${rule.name}: ${rule.comment}`).toMatch(/: [A-Zt].{20,}[.]$/);
  });
});

function write(tree: string, { file, source }: Seed): void {
  const target = path.join(tree, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, source);
}

function cruise(tree: string): readonly Violation[] {
  const bin = path.join(projectFolder, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');
  const rooms = [...new Set([...targets, ...allowed].map((seed) => seed.file.split('/')[0] ?? ''))];
  const args = [bin, '--config', rulesFile, '--output-type', 'json', ...rooms];
  // With violations present the program ends with their number as exit code; the report on stdout is what counts.
  const report = runForStdout(args, tree);
  return JSON.parse(report).summary.violations;
}

function runForStdout(args: string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, args, {
      cwd,
      encoding: 'utf8',
      maxBuffer: 64 * 2 ** 20,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
