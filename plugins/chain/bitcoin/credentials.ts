import { readFile } from 'node:fs/promises';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { BitcoinConfig } from './config.ts';
import { basicAuthorization } from './rpc.ts';

const SECRET_FILE_BYTES_MAX = 4_096;

/** Reads the password where the configuration says it is, at each call: cookies change when the node restarts. */
export function authorizationOf(
  config: BitcoinConfig,
  environment: (name: string) => string | undefined,
): () => Promise<string | undefined> {
  const { rpc_user: user = '', rpc_password_env, rpc_password_file, rpc_cookie_file } = config;
  if (rpc_cookie_file !== undefined) {
    return async () => {
      const cookie = await secretFrom(rpc_cookie_file, 'rpc_cookie_file');
      const colon = cookie.indexOf(':');
      return basicAuthorization(cookie.slice(0, colon), cookie.slice(colon + 1));
    };
  }
  if (rpc_password_file !== undefined) {
    return async () => basicAuthorization(user, await secretFrom(rpc_password_file, 'rpc_password_file'));
  }
  if (rpc_password_env !== undefined) {
    return async () => {
      const password = environment(rpc_password_env);
      if (password !== undefined) return basicAuthorization(user, password);
      throw new FirebreakFailure(
        'input.node-credentials',
        `environment variable ${rpc_password_env} is not set (rpc_password_env)`,
      );
    };
  }
  return async () => undefined;
}

async function secretFrom(file: string, setting: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    // A node takes its cookie along when it is stopped.
    if (setting === 'rpc_cookie_file' && (cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new FirebreakFailure(
        'unavailable.node-down',
        'the Bitcoin node has no cookie: it is not running, or rpc_cookie_file names another place',
        { file },
        { cause },
      );
    throw new FirebreakFailure('input.node-credentials', `the file of ${setting} cannot be read`, { file }, { cause });
  });
  if (text.length > SECRET_FILE_BYTES_MAX) {
    throw new FirebreakFailure('input.node-credentials', `the file of ${setting} is too long for a password`, { file });
  }
  return text.trim();
}
