import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apiToml, INIT_READERS, INIT_SOURCES, SHIPPED_PLAYBOOKS } from '../api/config/write.ts';
import { apiTomlSchema } from '../api/config/schema.ts';
import { parseToml } from '../plugins/settings-file.ts';
import { type Layout, NETWORK_NAME } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';

/**
 * `api.toml` and a secret per sender and reader, as `firebreak api init` writes them. A file that somebody has changed stays as it is, and what its
 * sources may not start comes back in words; one that is as an earlier start left it is written anew, since more playbooks may ship by now.
 */
export function writeAlertIntake(layout: Layout, ports: PortPlan): readonly string[] {
  const { config } = layout.alerts;
  const wanted = textWith(layout, ports, SHIPPED_PLAYBOOKS);
  if (!existsSync(config)) {
    drawSecrets(layout);
    writeFileSync(config, wanted, { flag: 'wx', mode: 0o600 });
    return [];
  }
  const text = readFileSync(config, 'utf8');
  if (text === wanted) return [];
  // A start writes the same playbooks into both places.
  const written = SHIPPED_PLAYBOOKS.filter((name) => existsSync(join(layout.playbooks, name)));
  const own = [true, false].map((knowsWorkers) => textWith(layout, ports, written, knowsWorkers));
  if (!own.includes(text)) return missingIn(config, text);
  writeFileSync(config, wanted);
  return [];
}

function drawSecrets({ alerts: { secret } }: Layout): void {
  for (const name of [
    ...INIT_SOURCES.map((source) => source.name),
    ...INIT_READERS.map((reader) => `reader-${reader}`),
  ]) {
    const file = secret(name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!existsSync(file))
      writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o400, flag: 'wx' });
  }
}

/** `knowsWorkers` false: as builds wrote it that did not look at channels. */
const textWith = (layout: Layout, ports: PortPlan, playbookNames: readonly string[], knowsWorkers = true): string =>
  apiToml({
    network: NETWORK_NAME,
    temporal: `${LOOPBACK}:${ports.temporal}`,
    playbooks: layout.playbooks,
    playbookNames,
    blobs: layout.blobs,
    ...(knowsWorkers ? { coordinator: layout.coordinator(1).config } : {}),
    port: ports.alerts,
    metricsPort: ports.alertsMetrics,
    readers: INIT_READERS,
  });

/** Throws `input.api-syntax`; for whatever else is wrong with the file the api itself is refused, with the line. */
function missingIn(config: string, text: string): readonly string[] {
  const { data } = apiTomlSchema.safeParse(parseToml(text, config, 'input.api-syntax'));
  return Object.entries(data?.sources ?? {}).flatMap(([name, { playbooks }]) => {
    const missing = SHIPPED_PLAYBOOKS.filter((playbook) => !playbooks.includes(playbook));
    return missing.length === 0
      ? []
      : [`source ${name} of ${config} may not start ${missing.join(', ')}: add what it should to its playbooks`];
  });
}
