import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import { configFailure } from '../config-failure.ts';
import {
  credentialName,
  describeSource,
  environmentVariable,
  filePath,
  readSecret,
  refuseSecretInConfig,
  type SecretSource,
  secretSourceOf,
} from '../keystore/secret-source.ts';

/** Shorter ones can be guessed over the network, slowly. */
const SECRET_LENGTH_MIN = 16;

/** The three places of a secret named `secret`, of which a section names one, or two while it is changed. */
export const secretFields = {
  secret_env: environmentVariable().optional().describe('name of the environment variable that holds the secret'),
  secret_file: filePath().optional().describe('file that holds the secret, readable by its owner only'),
  secret_credential: credentialName().optional().describe('name of the systemd credential that holds the secret'),
  next_secret_file: filePath().optional().describe('a second secret that is right too, while the sender changes over'),
} as const;
type SecretFields = z.infer<z.ZodObject<typeof secretFields>>;

/** First the present secret, then the next one. Throws `input.config` when none is named. */
export function secretsOf(section: SecretFields, input: unknown, where: ConfigLocation): readonly SecretSource[] {
  refuseSecretInConfig(input, 'secret', where);
  const { secret_env: env, secret_file: file, secret_credential: credential } = section;
  const present = secretSourceOf({ env, file, credential }, 'secret', where);
  if (present === undefined)
    throw configFailure(where, ['secret_file'], 'name secret_env, secret_file or secret_credential');
  const next = secretSourceOf({ file: section.next_secret_file }, 'next_secret', where);
  return next === undefined ? [present] : [present, next];
}

/** Read once at start; throws `input.alert-secret`, which names the place and never the content. */
export async function readSecrets(sources: readonly SecretSource[]): Promise<readonly string[]> {
  return Promise.all(sources.map(readOne));
}

async function readOne(source: SecretSource): Promise<string> {
  const no = (why: string): FirebreakFailure => new FirebreakFailure('input.alert-secret', `alert source: ${why}`);
  let secret: string;
  try {
    secret = await readSecret(source);
  } catch (error) {
    throw error instanceof FirebreakFailure ? no(error.message.replace(/^keystore: /, '')) : error;
  }
  if (secret.length < SECRET_LENGTH_MIN)
    throw no(`${describeSource(source)} has fewer than ${SECRET_LENGTH_MIN} characters`);
  return secret;
}

/** Equal or not, in a time that depends on neither: both sides are hashed to one length first. */
export function sameSecret(one: string | Uint8Array, other: string | Uint8Array): boolean {
  const digest = (value: string | Uint8Array): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Whether any of the given values is any of the right ones; all are compared, so that time does not tell which. */
export function anySame(given: readonly string[], right: readonly string[]): boolean {
  let found = false;
  for (const one of given) for (const other of right) found = sameSecret(one, other) || found;
  return found;
}

export const hmacHex = (secret: string, ...parts: readonly (string | Uint8Array)[]): string => {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest('hex');
};
