import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { apiToml, INIT_READERS, INIT_SOURCES } from '../api/config/write.ts';
import { type Layout, NETWORK_NAME } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';

/** `api.toml` and a secret per sender and reader, as `firebreak api init` writes them; an existing installation keeps its own. */
export function writeAlertIntake(layout: Layout, ports: PortPlan): void {
  const { config, secret } = layout.alerts;
  if (existsSync(config)) return;
  for (const name of [
    ...INIT_SOURCES.map((source) => source.name),
    ...INIT_READERS.map((reader) => `reader-${reader}`),
  ]) {
    const file = secret(name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!existsSync(file))
      writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o400, flag: 'wx' });
  }
  const text = apiToml({
    network: NETWORK_NAME,
    temporal: `${LOOPBACK}:${ports.temporal}`,
    playbooks: layout.playbooks,
    blobs: layout.blobs,
    port: ports.alerts,
    metricsPort: ports.alertsMetrics,
    readers: INIT_READERS,
  });
  writeFileSync(config, text, { flag: 'wx', mode: 0o600 });
}
