import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import { configFailure } from '../config-failure.ts';
import { readSecret, refuseSecretInConfig, type SecretSource, secretSourceOf } from '../keystore/secret-source.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The one place among `<what>_env`, `<what>_file` and `<what>_credential`; undefined when none is named. Throws `input.config`. */
export function secretPlace(
  what: string,
  fields: Fields,
  input: unknown,
  where: ConfigLocation,
): SecretSource | undefined {
  refuseSecretInConfig(input, what, where);
  const text = (suffix: string): string | undefined => {
    const value = fields[`${what}_${suffix}`];
    return typeof value === 'string' ? value : undefined;
  };
  return secretSourceOf({ env: text('env'), file: text('file'), credential: text('credential') }, what, where);
}

/** As `secretPlace`, and `input.config` when none is named. */
export function requireSecretPlace(what: string, fields: Fields, input: unknown, where: ConfigLocation): SecretSource {
  const place = secretPlace(what, fields, input, where);
  if (place !== undefined) return place;
  throw configFailure(where, [`${what}_file`], `name ${what}_env, ${what}_file or ${what}_credential`);
}

/** Read once at start; throws `input.notifier-secret`, which names the place and never the content. */
export async function readNotifierSecret(source: SecretSource, channel: string): Promise<string> {
  let secret: string;
  try {
    secret = await readSecret(source);
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    throw new FirebreakFailure('input.notifier-secret', `${channel}: ${error.message.replace(/^keystore: /, '')}`);
  }
  // It goes into a header or a field of its own: a line break there would begin another one.
  if (/^[\x21-\x7e]+$/.test(secret)) return secret;
  throw new FirebreakFailure(
    'input.notifier-secret',
    `${channel}: its secret has spaces or characters that no key has`,
  );
}
