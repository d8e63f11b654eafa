import type { Layout } from '../layout.ts';
import { LOOPBACK, type PortPlan } from '../ports.ts';
import { launch, plainEnvironment } from '../supervisor/launch.ts';
import type { ServiceSpec } from '../supervisor/supervisor.ts';

/** How long the devnet remembers what was measured. */
const RETENTION = '2d';
/** A word of a stopped network says nothing of the one that starts after it; five minutes otherwise. Scrapes come every second. */
const LOOKBACK = '15s';

export function prometheusSpec({ prometheus }: Layout, ports: PortPlan, program: string): ServiceSpec {
  const { dir, config, store, log } = prometheus;
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${store}`,
    `--storage.tsdb.retention.time=${RETENTION}`,
    `--query.lookback-delta=${LOOKBACK}`,
    `--web.listen-address=${LOOPBACK}:${ports.prometheus}`,
    // New targets are looked at after this long; five seconds otherwise.
    '--scrape.discovery-reload-interval=1s',
  ];
  return {
    name: 'prometheus',
    group: 'Prometheus and Alertmanager',
    log,
    start: () => launch({ command: program, args, cwd: dir, env: plainEnvironment(), log }),
  };
}

export function alertmanagerSpec({ alertmanager }: Layout, ports: PortPlan, program: string): ServiceSpec {
  const { dir, config, store, log } = alertmanager;
  const args = [
    `--config.file=${config}`,
    `--storage.path=${store}`,
    `--web.listen-address=${LOOPBACK}:${ports.alertmanager}`,
    // It has no peers, and without this it listens for some on every address.
    '--cluster.listen-address=',
  ];
  return {
    name: 'alertmanager',
    group: 'Prometheus and Alertmanager',
    log,
    start: () => launch({ command: program, args, cwd: dir, env: plainEnvironment(), log }),
  };
}
