import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { projectFolder } from '../../toolchain/recipes.mjs';
import { staticChecks } from '../../toolchain/static-checks.mjs';
import { runOne } from '../../toolchain/static-run.mjs';

/** A tree in which every check is content. */
const sound: Readonly<Record<string, string>> = {
  'package.json':
    '{ "name": "seeded", "type": "module", "dependencies": { "@bufbuild/protobuf": "*", "pino": "*" } }\n',
  'cli/main.ts':
    "import { pino } from 'pino';\nimport { answer } from '../telemetry/answer.ts';\n\npino().info(answer);\n",
  'telemetry/answer.ts': "export const answer: string = 'yes';\n",
  'workflows/index.ts': 'export {};\n',
};

const settings = ['tsconfig.json', '.oxlintrc.json', 'biome.json', 'buf.yaml', 'buf.gen.yaml', 'knip.json'];
const wire = [
  'wire/proto/firebreak/v1/messages.proto',
  'wire/generated/firebreak/v1/messages_pb.js',
  'wire/generated/firebreak/v1/messages_pb.d.ts',
];

/** Check → a file's new content that must make it fail, and what the failure must say. */
type Violation = { readonly file: string; readonly content: string; readonly says: RegExp };

const proto = 'wire/proto/firebreak/v1/messages.proto';
const badProto = 'syntax = "proto3";\npackage firebreak.v1;\nmessage bad_name { string field = 1; }\n';

const violations: Readonly<Record<string, Violation>> = {
  types: {
    file: 'telemetry/answer.ts',
    content: "export const answer: number = 'yes';\n",
    says: /telemetry\/answer\.ts.*TS2322/,
  },
  lint: {
    file: 'cli/main.ts',
    content: `${sound['cli/main.ts']}const later = async () => answer;\nlater();\n`,
    says: /no-floating-promises/,
  },
  format: {
    file: 'telemetry/answer.ts',
    content: 'export const answer: string = "yes"\n',
    says: /telemetry\/answer\.ts/,
  },
  layout: { file: 'domain/reach.ts', content: "import '../cli/main.ts';\n", says: /domain-alone/ },
  'dead code': {
    file: 'telemetry/answer.ts',
    content: `${sound['telemetry/answer.ts']}export const nobody = 1;\n`,
    says: /nobody/,
  },
  'wire lint': { file: proto, content: badProto, says: /bad_name/ },
  'wire generated': { file: proto, content: badProto, says: /messages_pb\.js is not what/ },
};

describe('the static checks', () => {
  let tree: string;

  beforeEach(() => {
    tree = mkdtempSync(path.join(os.tmpdir(), 'firebreak-checks-'));
    symlinkSync(path.join(projectFolder, 'node_modules'), path.join(tree, 'node_modules'));
    for (const file of [...settings, ...wire]) {
      mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
      copyFileSync(path.join(projectFolder, file), path.join(tree, file));
    }
    write(tree, sound);
  });

  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  test('have one seeded violation each', () => {
    expect(staticChecks().map((check) => check.name)).toEqual(Object.keys(violations));
  });

  test.each(Object.keys(violations))('%s passes a sound tree and fails on its seeded violation', async (name) => {
    const check = staticChecks(tree).find((each) => each.name === name);
    const violation = violations[name];
    if (!check || !violation) throw new Error(`no check is called ${name}`);
    expect(await runOne(check, tree)).toMatchObject({ passed: 1, problems: [] });

    write(tree, { [violation.file]: violation.content });
    const seeded = staticChecks(tree).find((each) => each.name === name) ?? check;
    const tally = await runOne(seeded, tree);
    expect(tally).toMatchObject({ passed: 0, failed: 1 });
    expect(tally.problems.join('\n')).toMatch(violation.says);
  });
});

function write(tree: string, files: Readonly<Record<string, string>>): void {
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    writeFileSync(path.join(tree, file), source);
  }
}
