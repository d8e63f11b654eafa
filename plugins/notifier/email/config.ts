import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { configFailure, parseSection } from '../../config-failure.ts';
import { credentialName, environmentVariable, filePath, type SecretSource } from '../../keystore/secret-source.ts';
import { isLoopback } from '../address.ts';
import { secretPlace } from '../secret.ts';

/** The bare form alone: no names, comments, quotes or second addresses, so that nothing in it can end a header. */
const address = () =>
  z
    .string()
    .max(254)
    .regex(
      /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,189}$/,
      'write a plain address such as ops@example.org',
    );

export const emailSchema = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'write the name of the mail server'),
  port: z.int('write a whole number').min(1).max(65_535).default(465),
  tls: z
    .enum(['implicit', 'starttls', 'none'], 'write implicit, starttls or none')
    .default('implicit')
    .describe('`none` is for a server on this machine'),
  user: z.string().min(1).max(254).optional().describe('absent: the server wants no login'),
  password_env: environmentVariable().optional().describe('variable that holds the password'),
  password_file: filePath().optional().describe('file that holds the password, readable by its owner only'),
  password_credential: credentialName().optional().describe('systemd credential that holds the password'),
  from: address(),
  to: z.array(address()).min(1, 'name at least one address').max(50, 'at most 50; use a list of the mail server'),
});
export type EmailConfig = Pick<z.infer<typeof emailSchema>, 'host' | 'port' | 'tls' | 'user' | 'from' | 'to'> & {
  readonly password: SecretSource | undefined;
};

export function parseEmailConfig(input: unknown, where: ConfigLocation): EmailConfig {
  const section = parseSection(emailSchema, input, where);
  const password = secretPlace('password', section, input, where);
  if (section.tls === 'none' && !isLoopback(section.host))
    throw configFailure(where, ['tls'], 'none is for a server on this machine; write implicit or starttls');
  if ((section.user === undefined) !== (password === undefined))
    throw configFailure(where, ['user'], 'a user needs a password and a password a user');
  const { host, port, tls, user, from, to } = section;
  return { host, port, tls, user, from, to, password };
}
