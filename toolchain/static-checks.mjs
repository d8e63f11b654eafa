import { existsSync } from 'node:fs';
import path from 'node:path';
import { node26Path } from './node26.mjs';
import { projectFolder } from './recipes.mjs';
import ROOMS from './rooms.cjs';

/**
 * @typedef {object} StaticCheck
 * @property {string} name
 * @property {string} file
 * @property {string[]} args
 * @property {string} advice what to type when it fails
 */

const bin = (/** @type {string} */ place) => path.join(projectFolder, 'node_modules', place);

/**
 * The checks that read the tree without running the program. Each must be able to fail: test/layout/checks.test.ts shows it a
 * violation.
 *
 * @param {string} [tree] checked instead of this project, by the seeded violations
 * @returns {StaticCheck[]}
 */
export function staticChecks(tree = projectFolder) {
  const node = node26Path();
  const rooms = ROOMS.filter((room) => existsSync(path.join(tree, room)));
  const rules = path.join(projectFolder, 'toolchain', 'dependency-rules.cjs');
  return [
    check('types', [bin('@typescript/native/bin/tsc'), '-p', '.'], 'the messages name file and line'),
    check('lint', [bin('oxlint/bin/oxlint'), '--type-aware', '.'], 'each message links its rule'),
    check('format', [bin('@biomejs/biome/bin/biome'), 'format', '.'], 'npx biome format --write .'),
    check(
      'layout',
      [bin('dependency-cruiser/bin/dependency-cruiser.mjs'), '--config', rules, '--output-type', 'err-long', ...rooms],
      'the message says what to do instead',
    ),
    check(
      'dead code',
      [bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints'],
      'remove what nothing uses, or the word `export`',
    ),
    check('wire lint', [bin('@bufbuild/buf/bin/buf'), 'lint'], 'see https://buf.build/docs/lint/rules'),
    check('wire generated', [path.join(projectFolder, 'toolchain', 'wire-generated.mjs')], 'npm run proto'),
  ];

  /**
   * @param {string} name
   * @param {string[]} args
   * @param {string} advice
   * @returns {StaticCheck}
   */
  function check(name, args, advice) {
    return { name, file: node, args, advice };
  }
}
