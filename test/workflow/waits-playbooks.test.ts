import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { parseCatalogue } from '../../language/catalogue.ts';
import { loadPlaybook } from '../../language/load.ts';
import type { Progress } from '../../workflows/lib/progress.ts';
import {
  RUN_PLAYBOOK,
  type RunPlaybookInput,
  type RunPlaybookResult,
  startRunPlaybook,
} from '../../workflows/run-playbook/messages.ts';
import { COMMITTEE } from './rig/playbooks.ts';
import { BLOB, NETWORK } from './rig/scripted.ts';
import { onSkippingServer, taking } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const SHIPPED = join(import.meta.dirname, '..', '..', 'playbooks');
const HOLD_MS = 600_000;

waiting(
  'validator-offline says each number of live validators once, however long it stays, and resumes after ten good minutes',
  async (server) => {
    const catalogue = parseCatalogue(readFileSync(join(SHIPPED, 'catalogue.yaml')), 'catalogue.yaml');
    const text = readFileSync(join(SHIPPED, 'validator-offline', 'playbook.yaml'));
    const loaded = loadPlaybook(text, 'playbook.yaml', { catalogue });
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
    const { plan, digest } = loaded;
    const usual = Object.entries(plan.inputs).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    const inputs = { ...Object.fromEntries(usual), validator: 4 };
    const authority = { environment: 'development' as const, network: NETWORK, committee: COMMITTEE, former: [] };
    const live = [12, 12, 12, 12, 11, 11, 10, 10, 10, 12];
    const told: string[] = [];
    const done: string[] = [];
    const healthyAtMs: number[] = [];
    const input: RunPlaybookInput = {
      network: NETWORK,
      name: plan.name,
      playbook: digest,
      plan: BLOB,
      library: {},
      inputs,
      incident: { id: `incident/${NETWORK}/waits-playbooks`, severity: plan.severity, network: NETWORK },
    };
    const { result } = await server.live<RunPlaybookInput, RunPlaybookResult>(
      RUN_PLAYBOOK,
      (taskQueue) => startRunPlaybook(input, 'waits-playbooks', taskQueue),
      {
        openRun: async () => ({ plan, inputs, authority }),
        performAction: async ({ action }) => {
          done.push(action);
          return { outcome: 'done', results: {} };
        },
        lookAt: async ({ probe }) => {
          if (probe === 'validators.live') return { live: live.shift() ?? 15, threshold: 10, missing: [] };
          healthyAtMs.push(await server.nowMs());
          return { reachable: true, ready: true, frozen: false, conflict: '' };
        },
        notifyPeople: async ({ channels, message }) => {
          told.push(`${channels.join(' ')}: ${message}`);
          return { confirmed: channels, silent: [] };
        },
        watchGuard: taking(() => ({ seen: false, saw: '' })),
      },
    );
    expect(result).toMatchObject({ outcome: 'done', end: 'completed' });
    expect(told).toEqual([
      'slack: Two validators to spare: 12 live.',
      'pagerduty slack: One validator to spare: 11 live.',
      'pagerduty slack mail: 10 validators are live, 10 sign: one more outage stops payouts.',
      'slack: Two validators to spare: 12 live.',
      'slack: Validator 4 is back; 15 live.',
    ]);
    expect(done).toEqual(['validator.pause', 'validator.resume']);
    expect((healthyAtMs.at(-1) ?? 0) - (healthyAtMs[0] ?? 0)).toBeGreaterThanOrEqual(HOLD_MS);
  },
);

waiting(
  'a run that cannot begin says after a minute who must look, and nobody any more once it has begun',
  async (server) => {
    const catalogue = parseCatalogue(readFileSync(join(SHIPPED, 'catalogue.yaml')), 'catalogue.yaml');
    const text = [
      'playbook: 1',
      'name: look-once',
      'title: A look',
      'summary: Of a test',
      'severity: SEV4',
      'steps:',
      '  - { id: look, summary: Which are live, probe: validators.live }',
    ].join('\n');
    const loaded = loadPlaybook(Buffer.from(text), 'playbook.yaml', { catalogue });
    if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
    const { plan, digest } = loaded;
    const authority = { environment: 'development' as const, network: NETWORK, committee: COMMITTEE, former: [] };
    const input: RunPlaybookInput = {
      network: NETWORK,
      name: plan.name,
      playbook: digest,
      plan: BLOB,
      library: {},
      inputs: {},
      incident: { id: `incident/${NETWORK}/late`, severity: plan.severity, network: NETWORK },
    };
    const pages: Progress[] = [];
    const { result } = await server.live<RunPlaybookInput, RunPlaybookResult>(
      RUN_PLAYBOOK,
      (taskQueue) => startRunPlaybook(input, 'late', taskQueue),
      {
        openRun: async () => {
          pages.push(await server.page());
          if (pages.length === 2) return { plan, inputs: {}, authority };
          throw ApplicationFailure.create({ message: 'no plan yet', type: 'unavailable.blob', nextRetryDelay: '61 s' });
        },
        lookAt: async () => {
          pages.push(await server.page());
          return { live: 15, threshold: 10, missing: [] };
        },
      },
    );
    expect(result).toMatchObject({ outcome: 'done' });
    expect(pages.map(({ phase, awaitingRole }) => `${phase} ${awaitingRole}`)).toEqual([
      'opening nobody',
      'opening operations',
      'running nobody',
    ]);
    expect(pages[1]?.next).toContain('whether they reach the blob store');
  },
);
