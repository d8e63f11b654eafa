import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';
import type { SecretSource } from '../../keystore/secret-source.ts';
import { clientFields, type ClientPins, clientPinsOf } from '../client-certificate.ts';
import { secretFields, secretsOf } from '../secret.ts';

export const alertmanagerSchema = z.strictObject({ ...secretFields, ...clientFields });
export type AlertmanagerConfig = {
  /** Empty: the client certificate is the whole proof. */
  readonly secrets: readonly SecretSource[];
  readonly clients: ClientPins | undefined;
};

/** Where both a token and certificates are named, a delivery needs both; where neither is, the section is refused. */
export function parseAlertmanagerConfig(input: unknown, where: ConfigLocation): AlertmanagerConfig {
  const section = parseSection(alertmanagerSchema, input, where);
  const clients = clientPinsOf(section);
  const namesToken = Object.keys(secretFields).some(
    (field) => section[field as keyof typeof secretFields] !== undefined,
  );
  return { clients, secrets: clients !== undefined && !namesToken ? [] : secretsOf(section, input, where) };
}
