import { z } from 'zod';
import { accept, refuse } from '../../../domain/errors/failure.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { ReportedAlert } from '../../../domain/alert/alert.ts';
import type { AlertSource } from '../../../domain/ports/alert-source.ts';
import { parseSection } from '../../config-failure.ts';
import { sameSecret } from '../secret.ts';

const schema = z.strictObject({
  password: z.string('write a text in quotes').min(1).max(100).describe('what the header x-password has to say'),
});
export type MemoryAlertSourceConfig = z.infer<typeof schema>;

/** The reference that the compliance suite is read against. Not for use: its password stands in the configuration. */
export const memory = (config: MemoryAlertSourceConfig) => (): AlertSource => ({
  authenticate: ({ headers }) =>
    sameSecret(headers['x-password'] ?? '', config.password)
      ? accept(true)
      : refuse('policy.alert-unauthenticated', 'the header x-password is missing or wrong'),
  parse: ({ body }) => {
    try {
      const alerts = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as ReportedAlert[];
      if (!Array.isArray(alerts) || !alerts.every((alert) => typeof alert?.fingerprint === 'string')) throw new Error();
      return accept({ alerts, leftOut: 0 });
    } catch {
      return refuse('input.alert-body', 'the body is no list of alerts');
    }
  },
});

export const plugin: Plugin<MemoryAlertSourceConfig, unknown, AlertSource> = {
  manifest: {
    kind: 'alert-source',
    name: 'memory',
    contractVersion: CONTRACT_VERSION,
    summary: 'Alerts as JSON behind a password, for tests and for outside authors to compare with',
    capabilities: ['groups', 'resolves'],
    irreversible: [],
    configSchema: z.toJSONSchema(schema, { io: 'input' }),
  },
  parse: (input, where) => parseSection(schema, input, where),
  create: memory,
};
