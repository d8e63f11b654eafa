import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';
import type { SecretSource } from '../../keystore/secret-source.ts';
import { secretFields, secretsOf } from '../secret.ts';

export const alertmanagerSchema = z.strictObject(secretFields);
export type AlertmanagerConfig = { readonly secrets: readonly SecretSource[] };

export const parseAlertmanagerConfig = (input: unknown, where: ConfigLocation): AlertmanagerConfig => ({
  secrets: secretsOf(parseSection(alertmanagerSchema, input, where), input, where),
});
