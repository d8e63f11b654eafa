import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { findTool } from '../../toolchain/tools.mjs';

const folder = path.join(projectFolder, 'ops', 'alerts');
const promtool = (await findTool('promtool'))?.path;
const names = (pattern: RegExp): string[] => readdirSync(folder).filter((name) => pattern.test(name));

/** What Prometheus' own tool says; its reasons are on both streams. */
function say(args: readonly string[], cwd = folder): { readonly passed: boolean; readonly said: string } {
  try {
    const said = execFileSync(promtool ?? '', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return { passed: true, said };
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return { passed: false, said: stdout + stderr };
  }
}

(promtool === undefined ? describe.skip : describe)('promtool', () => {
  test('accepts the rules and the example settings', () => {
    expect(say(['check', 'rules', ...names(/^\w+\.yaml$/)])).toMatchObject({ passed: true });
    expect(say(['check', 'config', '../prometheus/prometheus.yaml'])).toMatchObject({ passed: true });
  });

  test('finds that every rule fires where it must and not where it must not', () => {
    expect(say(['test', 'rules', ...names(/\.test\.yaml$/)])).toMatchObject({ passed: true });
  });

  test('finds a rule that no longer does', () => {
    const scratch = mkdtempSync(path.join(os.tmpdir(), 'firebreak-rules-'));
    try {
      const rules = readFileSync(path.join(folder, 'platform.yaml'), 'utf8');
      const changed = rules.replace(
        'firebreak_worker_ready{job="firebreak-worker"} == 1',
        'firebreak_worker_ready == 0',
      );
      expect(changed).not.toBe(rules);
      writeFileSync(path.join(scratch, 'platform.yaml'), changed);
      copyFileSync(path.join(folder, 'platform.test.yaml'), path.join(scratch, 'platform.test.yaml'));
      const { passed, said } = say(['test', 'rules', 'platform.test.yaml'], scratch);
      expect(passed).toBe(false);
      expect(said).toContain('WorkersGone');
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });
});
