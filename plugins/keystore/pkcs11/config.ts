import { isAbsolute } from 'node:path';
import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { configFailure, parseSection } from '../../config-failure.ts';
import {
  credentialName,
  environmentVariable,
  filePath,
  refuseSecretInConfig,
  type SecretSource,
  secretSourceOf,
} from '../secret-source.ts';

const label = (lengthMax: number) =>
  z
    .string('write a label')
    .min(1, 'must not be empty')
    .max(lengthMax, `has at most ${lengthMax} characters`)
    .regex(/^[\x20-\x7e]*$/, 'write plain ASCII characters');

export const pkcs11Schema = z.strictObject({
  module: filePath()
    .refine(isAbsolute, 'write the full path of the vendor’s PKCS#11 library')
    .describe('full path of the PKCS#11 library, for example /usr/lib/softhsm/libsofthsm2.so'),
  token_label: label(32).optional().describe('label of the token; instead of slot'),
  slot: z
    .int('write the slot id as a whole number')
    .min(0, 'must not be negative')
    .optional()
    .describe('slot id; instead of token_label'),
  pin_env: environmentVariable().optional().describe('environment variable that holds the user PIN'),
  pin_file: filePath().optional().describe('file that holds the user PIN, mode 0400; relative to the configuration'),
  pin_credential: credentialName().optional().describe('systemd credential that holds the user PIN'),
  key_label: label(64).default('firebreak-seal').describe('label of the AES key in the token; made at first start'),
});

export type Pkcs11Config = {
  readonly module: string;
  readonly token: { readonly by: 'label'; readonly label: string } | { readonly by: 'slot'; readonly slot: number };
  readonly pin: SecretSource;
  readonly keyLabel: string;
};

export function parsePkcs11Config(input: unknown, where: ConfigLocation): Pkcs11Config {
  refuseSecretInConfig(input, 'pin', where);
  const section = parseSection(pkcs11Schema, input, where);
  const pin = secretSourceOf(
    { env: section.pin_env, file: section.pin_file, credential: section.pin_credential },
    'pin',
    where,
  );
  if (pin === undefined) throw configFailure(where, ['pin_file'], 'name pin_env, pin_file or pin_credential');
  return { module: section.module, token: tokenOf(section, where), pin, keyLabel: section.key_label };
}

function tokenOf(section: z.infer<typeof pkcs11Schema>, where: ConfigLocation): Pkcs11Config['token'] {
  const { token_label, slot } = section;
  if (token_label !== undefined && slot !== undefined)
    throw configFailure(where, ['slot'], 'set token_label or slot, not both');
  if (token_label !== undefined) return { by: 'label', label: token_label };
  if (slot !== undefined) return { by: 'slot', slot };
  throw configFailure(where, ['token_label'], 'name the token by token_label or by slot');
}
