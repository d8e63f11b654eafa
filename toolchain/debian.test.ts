import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { installDebianPackages } from './debian.mjs';

const TYPED = 'sudo apt-get update && sudo apt-get install -y softhsm2';
const onDebian = existsSync('/usr/bin/apt-get') ? test : test.skip;

describe('Debian packages', () => {
  let folder: string;
  const before = process.env['PATH'];

  /** Programs of our own on PATH: `sudo -n` says yes or no, `apt-get` writes down what it was asked. */
  function programs({ sudo, apt }: { sudo: number; apt: number }): void {
    const scripts = {
      sudo: `[ ${sudo} = 0 ] || exit 1\nshift\nexec "$@"`,
      'apt-get': `echo "$1" >> ${folder}/asked\n[ "$1" = update ] || [ ${apt} = 0 ] || { echo 'E: Unable to locate package'; exit ${apt}; }`,
    };
    for (const [name, body] of Object.entries(scripts)) {
      writeFileSync(path.join(folder, name), `#!/bin/sh\n${body}\n`);
      chmodSync(path.join(folder, name), 0o755);
    }
    process.env['PATH'] = `${folder}:${before}`;
  }

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-debian-'));
  });
  afterEach(() => {
    process.env['PATH'] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  onDebian('are installed after an update where no password is asked', async () => {
    programs({ sudo: 0, apt: 0 });
    expect(await installDebianPackages(['softhsm2'])).toEqual({ installed: true, detail: 'installed softhsm2' });
    expect(readFileSync(path.join(folder, 'asked'), 'utf8')).toBe('update\ninstall\n');
  });

  onDebian('that cannot be installed leave a reason and the command to type', async () => {
    programs({ sudo: 0, apt: 100 });
    const { installed, detail } = await installDebianPackages(['softhsm2']);
    expect(installed).toBe(false);
    expect(detail).toContain('E: Unable to locate package');
    expect(detail).toContain(TYPED);
  });

  onDebian('are left to the user, with the command to type, where a password would be asked', async () => {
    programs({ sudo: 1, apt: 0 });
    const outcome = await installDebianPackages(['softhsm2'], {}, () => 1000);
    expect(outcome).toEqual({ installed: false, detail: `type: ${TYPED}` });
    expect(existsSync(path.join(folder, 'asked'))).toBe(false);
  });
});
