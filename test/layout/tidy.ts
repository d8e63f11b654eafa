import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectFolder } from '../../toolchain/recipes.mjs';

export type TextFile = { readonly file: string; readonly text: string };

const LINES_MAX = 400;
/** Long by nature: written by a program, by a standard, or a list of packages. */
const MAY_BE_LONG =
  /^(package-lock\.json|LICENSE|wire\/generated\/|docs\/reference\/)|go\.(sum|mod)$|\.(jsonl?|svg|bin)$/;
const WORDLESS_FOLDER = /(^|\/)(utils?|helpers?|common|shared|misc|managers?)(\/|$)/;
/** Paths that exist on one person's machine only. The list is spelled so that it does not find itself. */
const MACHINE_PATH = new RegExp(`(?<![\\w.:/-])/(${['work', 'root', 'Users', 'home/[a-z][\\w-]*'].join('|')})/[\\w.]`);

/** What git would commit: tracked files and new ones that are not ignored. */
export function projectFiles(): readonly TextFile[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: projectFolder,
    encoding: 'utf8',
  });
  return list
    .split('\0')
    .filter(
      (file) => file !== '' && existsSync(path.join(projectFolder, file)) && !/\.(png|jpg|bin|gz|zip)$/.test(file),
    )
    .map((file) => ({ file, text: readFileSync(path.join(projectFolder, file), 'utf8') }));
}

/** One sentence per breach. */
export const tidyRules: Readonly<Record<string, (file: TextFile) => string | undefined>> = {
  'no file is longer than a reader can hold': ({ file, text }) => {
    const lines = text.split('\n').length;
    return lines > LINES_MAX && !MAY_BE_LONG.test(file)
      ? `${file} has ${lines} lines; at most ${LINES_MAX}`
      : undefined;
  },
  'no folder hides a word that nobody has found': ({ file }) =>
    WORDLESS_FOLDER.test(path.dirname(file)) ? `${file} lies in a folder without an idea` : undefined,
  'no file knows the machine it was written on': ({ file, text }) => {
    const found = MACHINE_PATH.exec(text);
    return found ? `${file} names the machine path ${found[0]}…` : undefined;
  },
  'the lock file names no registry': ({ file, text }) =>
    file === 'package-lock.json' && text.includes('"resolved":')
      ? `${file} has "resolved" addresses; write it by npm run lock`
      : undefined,
  'no file puts work off in a comment': ({ file, text }) => {
    const found = /\b(TODO|FIXME|XXX)\b/.exec(text);
    return found && /\.(ts|mjs|cjs|md|proto)$/.test(file) && !file.startsWith('test/layout/')
      ? `${file} says ${found[1]}`
      : undefined;
  },
  'a script that people start with the Node they have asks nothing that only newer ones know': ({ file, text }) =>
    file.endsWith('.mjs') && text.includes('import.meta.main')
      ? `${file} says import.meta.main, which is undefined in Node 20: the script would do nothing, and end with 0`
      : undefined,
  'no file switches a check off': ({ file, text }) => {
    const found = /@ts-(ignore|expect-error|nocheck)|(oxlint|eslint|biome)-(disable|ignore)/.exec(text);
    return found && /\.(ts|mjs|cjs)$/.test(file) && !/^(test\/layout|wire\/generated)\//.test(file)
      ? `${file} says ${found[0]}`
      : undefined;
  },
};
