import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FirebreakFailure } from '../../domain/errors/failure.ts';

export type SoftHsmOptions = {
  /** Folder of this token store: its configuration, its tokens and their PIN files. One per validator keeps faults apart. */
  readonly dir: string;
  /** Path of `softhsm2-util` (`await toolPath('softhsm2-util')`). */
  readonly utility: string;
  readonly tokenLabel: string;
};

export type SoftHsmToken = {
  /** Set as SOFTHSM2_CONF in the environment of the process that uses the token: the module reads it when it initialises. */
  readonly configFile: string;
  readonly tokenLabel: string;
  /** User PIN, mode 0400: what `pin_file` names. */
  readonly pinFile: string;
  /** Where SoftHSM2 keeps the token's objects; moving it away is how a test removes the token. */
  readonly tokensDir: string;
};

const UTILITY_LIMIT_MS = 20_000;

/**
 * Makes a SoftHSM2 token with a random PIN in a folder of its own; a folder that already has one gives the same again.
 * Throws `unavailable.softhsm`.
 */
export async function prepareSoftHsmToken(options: SoftHsmOptions): Promise<SoftHsmToken> {
  if (!/^[a-z0-9-]{1,32}$/.test(options.tokenLabel)) {
    throw new FirebreakFailure(
      'unavailable.softhsm',
      'a token label here has 1 to 32 lower-case letters, digits and hyphens',
    );
  }
  const dir = resolve(options.dir);
  const token: SoftHsmToken = {
    configFile: join(dir, 'softhsm2.conf'),
    tokenLabel: options.tokenLabel,
    pinFile: join(dir, `${options.tokenLabel}.pin`),
    tokensDir: join(dir, 'tokens'),
  };
  const finished = join(dir, `${options.tokenLabel}.ready`);
  if (await exists(finished)) return token;
  await mkdir(token.tokensDir, { recursive: true, mode: 0o700 });
  await writeFile(
    token.configFile,
    `directories.tokendir = ${token.tokensDir}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n`,
  );
  const pin = await pinIn(token.pinFile);
  await runUtility(options, token, pin);
  await writeFile(finished, `${options.tokenLabel}\n`);
  return token;
}

/** A start that was cut short left its PIN; the token is made again with it. */
async function pinIn(path: string): Promise<string> {
  if (await exists(path)) return (await readFile(path, 'utf8')).trim();
  const pin = randomBytes(12).toString('hex');
  await writeFile(path, `${pin}\n`, { mode: 0o400 });
  return pin;
}

/**
 * The utility takes PINs from a terminal or as arguments, so this one stands in the process list for a moment:
 * good enough for a token of a test network on one's own machine, and for nothing else.
 */
async function runUtility(options: SoftHsmOptions, token: SoftHsmToken, pin: string): Promise<void> {
  const child = spawn(
    options.utility,
    ['--init-token', '--free', '--label', options.tokenLabel, '--so-pin', pin, '--pin', pin],
    {
      env: { ...process.env, SOFTHSM2_CONF: token.configFile },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: UTILITY_LIMIT_MS,
    },
  );
  let said = '';
  const keep = (chunk: Buffer): void => {
    if (said.length < 2_000) said += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | string>((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (exit, signal) => done(exit ?? signal ?? 'unknown'));
  });
  if (code !== 0) {
    throw new FirebreakFailure(
      'unavailable.softhsm',
      `softhsm2-util could not make token ${options.tokenLabel} (${code}): ${said.replaceAll(pin, '…').trim().slice(0, 300)}`,
    );
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
