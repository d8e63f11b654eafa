import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { watchdogToml } from '../watchdog/config/write.ts';
import { channelSettings } from './channels.ts';
import { type Layout, NETWORK_ENVIRONMENT, NETWORK_NAME } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';

/** Within so many minutes the rule `Watchdog` has to come again; Alertmanager repeats it every minute. */
const HEARTBEAT_MINUTES = 5;

/** `watchdog.toml` with the receivers of this machine as its channels; an existing installation keeps its own. */
export function writeWatchdog(layout: Layout, ports: PortPlan): void {
  const { dir, config } = layout.watchdog;
  if (existsSync(config)) return;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const text = watchdogToml({
    network: NETWORK_NAME,
    environment: NETWORK_ENVIRONMENT,
    temporal: `${LOOPBACK}:${ports.temporal}`,
    apis: [`http://${LOOPBACK}:${ports.alertsMetrics}`],
    heartbeats: { prometheus: HEARTBEAT_MINUTES },
    channels: channelSettings(layout, ports),
    metricsPort: ports.watchdog,
  });
  writeFileSync(config, text, { flag: 'wx', mode: 0o600 });
}
