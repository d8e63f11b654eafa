import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { parseSection } from '../../config-failure.ts';

export const libp2pNetworkSchema = z.strictObject({
  identity_file: z
    .string()
    .min(1)
    .describe('Ed25519 host key of this coordinator, PKCS#8 PEM, mode 0600; relative to the configuration file'),
  dial_timeout_seconds: z.number().min(0.1).max(60).default(5).describe('how long one attempt to connect may take'),
  reconnect_seconds_max: z
    .number()
    .min(0.5)
    .max(300)
    .default(15)
    .describe('longest wait between two attempts to reach a validator'),
});

export type Libp2pNetworkConfig = {
  readonly identityFile: string;
  readonly dialTimeoutMs: number;
  readonly reconnectMsMax: number;
};

/** Throws `input.config` naming file, line and field. */
export function parseLibp2pNetworkConfig(input: unknown, where: ConfigLocation): Libp2pNetworkConfig {
  const section = parseSection(libp2pNetworkSchema, input, where);
  return {
    identityFile: resolve(dirname(where.file), section.identity_file),
    dialTimeoutMs: section.dial_timeout_seconds * 1000,
    reconnectMsMax: section.reconnect_seconds_max * 1000,
  };
}
