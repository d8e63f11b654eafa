#!/usr/bin/env node
/** Compares wire/generated with what the .proto files in the current folder generate today. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { runCommand } from './command.mjs';
import { projectFolder } from './recipes.mjs';

const GENERATED = path.join('wire', 'generated');

const scratch = mkdtempSync(path.join(os.tmpdir(), 'firebreak-wire-'));
try {
  process.exitCode = await compare(scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** @param {string} output */
async function compare(output) {
  const modules = path.join(projectFolder, 'node_modules');
  const { code, tail } = await runCommand(
    process.execPath,
    [path.join(modules, '@bufbuild', 'buf', 'bin', 'buf'), 'generate', '-o', output],
    {
      env: {
        PATH: [path.join(modules, '.bin'), path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
      },
    },
  );
  if (code !== 0) {
    process.stdout.write(`buf generate failed\n${tail.join('\n')}\n`);
    return 1;
  }
  const wanted = filesUnder(path.join(output, GENERATED));
  const present = filesUnder(GENERATED);
  const differing = [...new Set([...wanted.keys(), ...present.keys()])].filter(
    (file) => wanted.get(file) !== present.get(file),
  );
  for (const file of differing)
    process.stdout.write(`${path.join(GENERATED, file)} is not what the .proto files generate\n`);
  return differing.length === 0 && wanted.size > 0 ? 0 : 1;
}

/**
 * @param {string} folder
 * @returns {Map<string, string>}
 */
function filesUnder(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, file), readFileSync(file, 'utf8')];
    }),
  );
}
