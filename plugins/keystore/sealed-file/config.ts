import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { configFailure, parseSection } from '../../config-failure.ts';
import { isRecipient } from './age.ts';
import {
  credentialName,
  environmentVariable,
  filePath,
  refuseSecretInConfig,
  type SecretSource,
  secretSourceOf,
} from '../secret-source.ts';

export const sealedFileSchema = z.strictObject({
  passphrase_env: environmentVariable().optional().describe('environment variable that holds the passphrase'),
  passphrase_file: filePath()
    .optional()
    .describe('file that holds the passphrase, mode 0400; relative to the configuration'),
  passphrase_credential: credentialName().optional().describe('systemd credential that holds the passphrase'),
  identity_file: filePath()
    .refine((path) => !/AGE-SECRET-KEY-/i.test(path), 'never write an identity here: write the path of its file')
    .optional()
    .describe('age identity file, mode 0400; instead of a passphrase'),
  recipients: z
    .array(
      z
        .string()
        .regex(/^age1[a-z0-9]{10,4000}$/, 'write an age recipient (age1…)')
        .refine(isRecipient, 'is not a whole age recipient; copy it again, to its last letter'),
    )
    .max(10, 'at most 10 recipients')
    .default([])
    .describe('further age recipients who can open the key file, for recovery; only with identity_file'),
  scrypt_work_factor: z
    .int('write a whole number')
    .min(10, 'must be at least 10')
    .max(20, 'must be at most 20')
    .default(18)
    .describe('log2 of the cost of a passphrase when the key file is made; 18 takes about a second'),
});

export type SealedFileConfig = {
  readonly unlock:
    | { readonly by: 'passphrase'; readonly source: SecretSource; readonly workFactor: number }
    | {
        readonly by: 'identity';
        readonly path: string;
        /** Who can open the key file besides the identities of the file. */
        readonly recipients: readonly string[];
        /** Of the section: what is wrong with the file is said with the line that names it. */
        readonly where: ConfigLocation;
      };
};

export function parseSealedFileConfig(input: unknown, where: ConfigLocation): SealedFileConfig {
  refuseSecretInConfig(input, 'passphrase', where);
  const section = parseSection(sealedFileSchema, input, where);
  const source = secretSourceOf(
    { env: section.passphrase_env, file: section.passphrase_file, credential: section.passphrase_credential },
    'passphrase',
    where,
  );
  if (section.identity_file !== undefined && source === undefined) {
    return {
      unlock: {
        by: 'identity',
        path: resolve(dirname(where.file), section.identity_file),
        recipients: section.recipients,
        where,
      },
    };
  }
  if (source === undefined) {
    throw configFailure(
      where,
      ['passphrase_file'],
      'name passphrase_env, passphrase_file or passphrase_credential, or an identity_file',
    );
  }
  if (section.identity_file !== undefined)
    throw configFailure(where, ['identity_file'], 'choose a passphrase or an identity file, not both');
  if (section.recipients.length > 0) {
    throw configFailure(where, ['recipients'], 'age cannot combine a passphrase with recipients; use identity_file');
  }
  return { unlock: { by: 'passphrase', source, workFactor: section.scrypt_work_factor } };
}
