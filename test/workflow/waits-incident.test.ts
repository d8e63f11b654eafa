import { expect } from '@jest/globals';
import type { NotifyInput } from '../../activities/notice/notify.ts';
import { EMPTY_CHAIN } from '../../domain/audit/chain.ts';
import type { Order } from '../../domain/committee/order.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import type { Severity } from '../../domain/playbook/plan.ts';
import { INCIDENT, type IncidentInput, type IncidentResult, startIncident } from '../../workflows/incident/messages.ts';
import { COMMITTEE, planOf } from './rig/playbooks.ts';
import { BLOB, NETWORK, VALIDATORS } from './rig/scripted.ts';
import { onSkippingServer, type Script, type SkippingServer } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const HOUR_SECONDS = 3_600;
let incidents = 0;

type Said = {
  readonly afterMinutes: number;
  readonly event: NotifyInput['event'];
  readonly says: string;
  readonly impact: readonly string[];
};

/** An incident whose playbook only waits: all that is told of it, and when, by the clock of the server. */
async function waitFor(
  server: SkippingServer,
  minutes: number,
  severity: Severity,
  given: { readonly freezeSeconds?: number; readonly confirms?: (tries: number) => boolean } = {},
): Promise<{ readonly said: readonly Said[]; readonly result: IncidentResult }> {
  incidents += 1;
  const startedMs = await server.nowMs();
  const said: Said[] = [];
  const { plan, digest } = planOf(
    `- { id: hold, summary: Wait, wait: { for: ${minutes}m }, timeout: ${minutes + 60}m }`,
  );
  const authority = { environment: 'development' as const, network: NETWORK, committee: COMMITTEE, former: [] };
  const script: Script = {
    committeeNow: async () => authority,
    openRun: async () => ({ plan, inputs: {}, authority }),
    keepDocuments: async () => [],
    recordAudit: async ({ chain, entries }) => ({
      chain: { ...chain, count: chain.count + entries.length },
      page: BLOB,
    }),
    coSignHead: async ({ incident, chain }) => ({
      head: { incident, count: chain.count, head: EMPTY_CHAIN.head, root: sha256Hex(new Uint8Array()) },
      validators: VALIDATORS,
      need: 1,
      document: { what: 'heads', ...BLOB },
    }),
    notify: async ({ event, words }) => {
      const afterMinutes = Math.round(((await server.nowMs()) - startedMs) / 60_000);
      const says = 'title' in words ? words.title.replace('Of a test: ', '') : '';
      said.push({ afterMinutes, event, says, impact: 'impact' in words ? words.impact : [] });
      const receipt = { reference: 'x', state: 'accepted' as const, exercise: true, atMs: 1, missed: 0 };
      const receipts = { chat: { ...receipt, route: 'slack' } };
      if (given.confirms?.(said.length) === false)
        return {
          receipts,
          silent: [],
          unconfirmed: { code: 'unavailable.independent-channels' as const, message: 'only slack did' },
        };
      return { receipts: { ...receipts, pager: { ...receipt, route: 'pagerduty' } }, silent: [] };
    },
  };
  const order: Order = {
    version: 1,
    kind: 'freeze',
    environment: 'development',
    network: NETWORK,
    committeeEpoch: 1,
    number: 1,
    scope: 'payouts',
    reason: 'of a test',
    expiresAtSeconds: Math.floor(startedMs / 1_000) + (given.freezeSeconds ?? 0),
  };
  const orders = given.freezeSeconds === undefined ? [] : [{ order, signatures: [] }];
  const playbook = { name: plan.name, playbook: digest, plan: BLOB, library: {}, inputs: {}, orders };
  const input: IncidentInput = { network: NETWORK, key: `waits-${incidents}`, title: 'Of a test', severity, playbook };
  const { result } = await server.live<IncidentInput, IncidentResult>(
    INCIDENT,
    (taskQueue) => startIncident(input, taskQueue),
    script,
  );
  return { said, result };
}

waiting('a SEV1 owes a word every hour: whoever owes it is reminded, until it is over', async (server) => {
  const { said, result } = await waitFor(server, 170, 'SEV1');
  expect(result).toMatchObject({ outcome: 'done', standing: { phase: 'over', nextWordDueMs: null } });
  expect(said.map(({ event }) => event)).toEqual(['send', 'update', 'update', 'resolve']);
  expect(said.map(({ afterMinutes }) => afterMinutes)).toEqual([0, 60, 120, 170]);
  expect(said[1]?.says).toContain('still open; whoever is there: say how it stands');
});

waiting('a SEV3 is not talked about every hour', async (server) => {
  const { said } = await waitFor(server, 290, 'SEV3');
  expect(said.map(({ event }) => event)).toEqual(['send', 'resolve']);
});

waiting('people are told half an hour before a freeze lapses in an open incident, once', async (server) => {
  const { said } = await waitFor(server, 290, 'SEV3', { freezeSeconds: 4 * HOUR_SECONDS });
  const told = said.filter(({ says }) => says.includes('the freeze lapses at'));
  expect(told).toHaveLength(1);
  expect(told[0]?.afterMinutes).toBe(210);
  // Who can renew it, before the committee learns it from a refusal.
  expect(told[0]?.says).toMatch(/renew it \(.+ 3 times in a row, then .+\)/);
});

waiting('a freeze is part of what is told until it has ended', async (server) => {
  const { said } = await waitFor(server, 250, 'SEV1', { freezeSeconds: 2.5 * HOUR_SECONDS });
  const told = said.filter(({ event }) => event === 'update');
  const frozen = told.filter(({ impact }) => impact.some((each) => /^payouts are frozen until .*, unless/.test(each)));
  const at = (some: readonly Said[]): readonly number[] => [...new Set(some.map(({ afterMinutes }) => afterMinutes))];
  expect([at(told), at(frozen)]).toEqual([
    [60, 120, 180, 240],
    [60, 120],
  ]);
});

waiting(
  'a SEV1 that is not confirmed is said again at once, then that it is not, and the page asks people until one is',
  async (server) => {
    const { said, result } = await waitFor(server, 30, 'SEV1', { confirms: (tries) => tries > 4 });
    // Opened, twice; that not everybody was reached, twice; and when the end is confirmed, nothing is asked any more.
    expect(said.map(({ says }) => says.split(':')[0])).toEqual([
      'an incident is open',
      'an incident is open',
      'not everybody was reached',
      'not everybody was reached',
      ...said.slice(4).map(({ says }) => says.split(':')[0]),
    ]);
    expect(said.at(-1)).toMatchObject({ event: 'resolve' });
    expect(result.standing.next).toEqual([]);
  },
);
