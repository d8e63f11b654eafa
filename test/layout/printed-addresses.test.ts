import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addresses } from '../../devnet/addresses.ts';
import { layout as layoutOf } from '../../devnet/layout.ts';
import { writeMonitoringSettings } from '../../devnet/monitoring/settings.ts';
import { alertmanagerSpec, prometheusSpec } from '../../devnet/monitoring/specs.ts';
import { portPlan, type PortPlan } from '../../devnet/ports.ts';
import { untilReady } from '../../devnet/ready.ts';
import type { Running } from '../../devnet/supervisor/launch.ts';
import { findTool } from '../../toolchain/tools.mjs';
import { freePortBase } from '../e2e/rig/free-ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'firebreak-addresses-'));
const layout = layoutOf(folder);
const prometheus = (await findTool('prometheus'))?.path;
const alertmanager = (await findTool('alertmanager'))?.path;
const READY_MS = 60_000;

(prometheus === undefined || alertmanager === undefined ? describe.skip : describe)('printed addresses', () => {
  let ports: PortPlan;
  let running: readonly Running[] = [];
  beforeAll(async () => {
    ports = portPlan(await freePortBase());
    writeMonitoringSettings(layout, ports);
    running = await Promise.all([
      prometheusSpec(layout, ports, prometheus ?? '').start(),
      alertmanagerSpec(layout, ports, alertmanager ?? '').start(),
    ]);
  });
  afterAll(async () => {
    for (const { pid } of running) process.kill(pid);
    await Promise.all(running.map(({ exited }) => exited));
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ['Prometheus', layout.prometheus.log],
    ['Alertmanager', layout.alertmanager.log],
  ])('%s answers at the address that npm start prints', async (name, log) => {
    const line = addresses({ ports, layout }).find((each) => each.startsWith(name)) ?? '';
    const url = new URL(/http:\S+/.exec(line)?.[0] ?? '');
    await untilReady(
      { what: name, log, timeoutMs: READY_MS },
      async () => (await fetch(`${url.origin}/-/ready`)).ok || undefined,
    );
    expect(await fetch(url)).toMatchObject({ status: 200, redirected: false });
  });
});
