import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type CheckedFile, checkedFile } from '../../plugins/settings-check.ts';
import { runCommand } from '../../toolchain/command.mjs';
import { remedyOf } from '../report.ts';
import { NODE_FLAGS } from '../room.ts';
import type { Finding } from './doctor.ts';

/** Whose file it is: only that process can judge it, by its own loader and in an environment like its own. */
const READERS = [
  { name: 'validator.toml', entry: 'validator/main.ts' },
  { name: 'coordinator.toml', entry: 'workers/main.ts' },
  { name: 'api.toml', entry: 'api/main.ts' },
  { name: 'watchdog.toml', entry: 'watchdog/main.ts' },
] as const;
type Reader = (typeof READERS)[number];

const ROOT = resolve(import.meta.dirname, '..', '..');
/** A process loads its plug-ins and reads a whole network's files in seconds; more is a machine in trouble, or a file that is none. */
const READ_MS_MAX = 20_000;
/** The roster of a network ends at 255; copies of their folders lie beside them. */
const FILES_MAX = 512;
/** Every one of them broken in many places. */
const STDOUT_MAX = 8_000_000;
const SAID_LENGTH_MAX = 300;
/** A genesis that is broken is said by every validator. */
const SHOWN_MAX = 5;

/** Each configuration file of the data folder, as the process that it is for reads it: one line when all are fine, else one for each that is not. */
export async function checkConfiguration(folder: string, readMsMax = READ_MS_MAX): Promise<readonly Finding[]> {
  const asked = READERS.map((reader) => ({ reader, files: filesNamed(folder, reader.name) })).filter(
    ({ files }) => files.length > 0,
  );
  const findings = await Promise.all(asked.map(({ reader, files }) => check(reader, files, folder, readMsMax)));
  if (asked.length === 0 || findings.flat().length > 0) return findings.flat();
  const counted = asked.map(({ reader, files }) => `${files.length} ${reader.name}`);
  return [{ name: 'configuration', state: 'ok', detail: `${counted.join(', ')} read`, remedy: '' }];
}

/** In the folder itself, as `init --dir` writes it, and in the folders of a network. */
function filesNamed(folder: string, name: string): readonly string[] {
  return ['', ...namesIn(folder)].map((below) => join(folder, below, name)).filter((file) => existsSync(file));
}

/** What may not be listed has nothing to show; what needs it says so. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

async function check(
  { name, entry }: Reader,
  files: readonly string[],
  folder: string,
  readMsMax: number,
): Promise<readonly Finding[]> {
  const looked = files.slice(0, FILES_MAX);
  const program = [...NODE_FLAGS, join(ROOT, entry), 'check', ...looked];
  const { stdout, tail, timedOut } = await runCommand(process.execPath, program, {
    timeoutMs: readMsMax,
    stdoutMax: STDOUT_MAX,
  });
  if (timedOut) {
    const detail = `${looked.length} ${name} could not be read within ${readMsMax / 1_000} s`;
    return [{ name: 'configuration', state: 'warning', detail, remedy: 'try again when the machine has less to do' }];
  }
  const checked = readLines(stdout);
  if (checked?.length !== looked.length) {
    // Node's last line is its version; the sentence stands further up.
    const said = tail.find((line) => /^\w*Error\b/.test(line)) ?? tail.at(-1) ?? 'it said nothing';
    const detail = `${entry} did not read ${looked.length} ${name}: ${said.slice(0, SAID_LENGTH_MAX)}`;
    return [{ name: 'configuration', state: 'problem', detail, remedy: remedyOf('bug.unexpected') }];
  }
  return [...broken(checked, name, folder), ...unlooked(files.length - looked.length, name)];
}

function broken(checked: readonly CheckedFile[], name: string, folder: string): readonly Finding[] {
  const found = checked.filter((one) => !one.ok);
  const shown = found.slice(0, SHOWN_MAX).map(
    ({ file, message, remedy }): Finding => ({
      name: relative(folder, file),
      state: 'problem',
      detail: message,
      remedy,
    }),
  );
  const more = found.length - shown.length;
  if (more === 0) return shown;
  const detail = `${more} more ${name} cannot be read`;
  return [
    ...shown,
    {
      name: 'configuration',
      state: 'problem',
      detail,
      remedy: 'mend these first; `firebreak doctor` then shows the next',
    },
  ];
}

const unlooked = (count: number, name: string): readonly Finding[] =>
  count <= 0
    ? []
    : [
        {
          name: 'configuration',
          state: 'warning',
          detail: `${count} more ${name} are there than are looked at`,
          remedy: 'move away what is not of this network',
        },
      ];

/** Nothing when a line is not what such a process prints: then it ended before it could say it. */
function readLines(stdout: string): readonly CheckedFile[] | undefined {
  try {
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => checkedFile.parse(JSON.parse(line)));
  } catch {
    return undefined;
  }
}
