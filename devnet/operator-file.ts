import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { type Layout, validatorIds } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';

/** `operator.json`: how the command line finds this network. Rewritten at each start, since ports may have moved. */
export function writeOperatorFile(layout: Layout, ports: PortPlan): void {
  const at = (path: string): string => relative(layout.root, path);
  const operator = {
    version: 1,
    network: at(layout.network),
    identity: at(layout.operator.identity),
    temporal: { address: `${LOOPBACK}:${ports.temporal}`, namespace: 'default', taskQueue: 'firebreak' },
    temporalUi: `http://${LOOPBACK}:${ports.temporalUi}`,
    api: `http://${LOOPBACK}:${ports.alertsMetrics}`,
    watchdog: `http://${LOOPBACK}:${ports.watchdog}`,
    blobs: at(layout.blobs),
    terms: at(layout.terms),
    grants: at(layout.grants),
    validators: validatorIds().map((id) => `http://${LOOPBACK}:${ports.api(id)}`),
  };
  writeFileSync(layout.operatorFile, `${JSON.stringify(operator, undefined, 2)}\n`, { mode: 0o600 });
}
