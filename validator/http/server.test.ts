import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { FROZEN_UNTIL_LIFTED_SECONDS } from '../../domain/committee/order.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { ChainStatus } from '../../domain/ports/chain.ts';
import { silentLogger } from '../../telemetry/log.ts';
import { EnvelopeSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentReport, SessionReport } from '../custody/agent.ts';
import { validatorMetrics } from './metrics.ts';
import { type HttpServers, startHttp } from './server.ts';
import type { ValidatorView } from './view.ts';

const folder = mkdtempSync(join(tmpdir(), 'firebreak-http-'));
writeFileSync(join(folder, 'journal.sqlite'), new Uint8Array(1_000));
afterAll(() => rmSync(folder, { recursive: true }));

const EVERYONE = [1, 2, 3, 4, 5, 6, 7].map(validatorId);

const ready: AgentReport = {
  state: 'ready',
  reasons: [],
  orders: { number: 4, frozenUntilSeconds: 0 },
  committee: { epoch: 2, digest: 'cc'.repeat(32) as Digest },
  grantUses: 3,
  breakGlassUses: 2,
  doubleSigned: 1,
  outflow: { signedSats: 700, capSats: 900 },
  keysets: [
    {
      keyset: 'aa',
      epoch: 1,
      state: 'draining',
      participants: EVERYONE,
      publicKeyShare: '02aa',
      combinedPublicKey: '02ab',
    },
    {
      keyset: 'bb',
      epoch: 2,
      state: 'active',
      participants: EVERYONE,
      publicKeyShare: '02ba',
      combinedPublicKey: '02bb',
    },
  ],
  counters: {
    signaturesSigned: 3,
    signaturesFailed: 1,
    requestsActive: 0,
    refusals: { 'policy.frozen': 1 },
    dropped: { stale: 2, oversized: 1 },
  },
  lastSignatureAtMs: Date.UTC(2026, 10, 24),
  sightings: [],
};
const signing: SessionReport = {
  ceremony: `signing-${'0'.repeat(32)}`,
  kind: 'signing',
  signers: [1, 2, 3],
  steps: [
    { step: 'commitments given', atMs: 1_000 },
    { step: 'partial signature', atMs: 3_000 },
  ],
};
const now = Date.UTC(2026, 10, 24, 12);
const ROSTER = [3, 4].map((id) => ({ id: validatorId(id), identity: '', addresses: [] }));

let report = ready;
let chain: Partial<ChainStatus> = {};
let servers: HttpServers;
let api = '';
let metrics = '';

function view(): ValidatorView {
  return {
    self: validatorId(7),
    genesis: { name: 'laptop', environment: 'development', threshold: 10, validators: ROSTER },
    version: '0.1.0',
    startedAtMs: now - 61_500,
    dataDir: folder,
    clock: () => now,
    chain: () => ({ tip: { hash: 'ff'.repeat(32), height: 123 }, synced: true, silentSeconds: 1, ...chain }),
    report: () => report,
    freezesLeft: () => 2,
    session: (id) => (id === signing.ceremony ? signing : undefined),
    sessions: () => [signing],
    transport: {
      connected: () => Array.from({ length: 14 }, (_, index) => validatorId(index + 1)),
      connections: () => 15,
      orderStatesKnown: () => 11,
      counters: () => ({
        messagesSent: 5,
        messagesReceived: 6,
        bytesSent: 50,
        bytesReceived: 60,
        dropped: { oversized: 4, rate: 1 },
      }),
      latencies: () => new Map<ValidatorId, readonly number[]>([[validatorId(3), [10, 20, 30]]]),
    },
    keyUses: () => ({ opened: 9, refused: 1 }),
  };
}

beforeEach(async () => {
  report = ready;
  chain = {};
  servers = await startHttp({ host: '127.0.0.1', apiPort: 0, metricsPort: 0, view: view(), logger: silentLogger });
  api = `http://127.0.0.1:${servers.apiPort}`;
  metrics = `http://127.0.0.1:${servers.metricsPort}`;
});
afterEach(() => servers.stop());

const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const tip = { tip_hash: 'ff'.repeat(32), tip_height: 123 };

test('a validator that has no share of the active key is ready, cannot sign and has no public share', async () => {
  const without = ready.keysets.map((key) => ({ ...key, participants: EVERYONE.slice(0, 6), publicKeyShare: '' }));
  report = { ...ready, keysets: without };
  expect(await get(`${metrics}/can-sign`)).toMatchObject({
    status: 503,
    body: { can_sign: false, state: 'ready', reasons: ['no share of the active key'] },
  });
  expect((await get(`${api}/api/v1/key_share/public`)).status).toBe(404);
  expect((await get(`${api}/api/v1/status`)).body['keysets']).toMatchObject([{ share: false }, { share: false }]);
});

test('health has the fields of the specification and says at which block', async () => {
  for (const url of [`${api}/api/v1/health`, `${api}/health`, `${metrics}/health`]) {
    expect(await get(url)).toEqual({
      status: 200,
      body: { status: 'ready', reasons: [], bitcoin_synced: true, stacks_synced: null, ...tip },
    });
  }
});

test('health is unhealthy only when waiting does not help', async () => {
  report = { ...ready, state: 'syncing', reasons: ['behind'] };
  expect((await get(`${api}/health`)).status).toBe(200);
  report = { ...ready, state: 'halted', reasons: ['journal'] };
  expect(await get(`${api}/health`)).toMatchObject({ status: 503, body: { status: 'halted', reasons: ['journal'] } });
});

test('status has the fields of the specification', async () => {
  expect(await get(`${api}/api/v1/status`)).toMatchObject({
    status: 200,
    body: {
      validator_id: 'validator-007',
      peer_count: 14,
      last_signature: '2026-11-24T00:00:00.000Z',
      uptime_seconds: 61,
      ...tip,
    },
  });
});

test('the public share is that of the active key, and absent without one', async () => {
  expect(await get(`${api}/api/v1/key_share/public`)).toMatchObject({
    status: 200,
    body: { public_key_share: '02ba', combined_public_key: '02bb' },
  });
  report = { ...ready, keysets: ready.keysets.slice(0, 1) };
  expect(await get(`${api}/api/v1/key_share/public`)).toMatchObject({ status: 404, body: { error: 'NoActiveKey' } });
});

test('a signing session is shown as this validator knows it, and an unknown one is SessionNotFound', async () => {
  expect(await get(`${api}/api/v1/signing/session/${signing.ceremony}`)).toMatchObject({
    status: 200,
    body: {
      session_id: signing.ceremony,
      status: 'partial_signature',
      nonce_commitments: 3,
      partial_signatures: 1,
      progress: '1/3',
    },
  });
  for (const id of ['signing-42', '..%2f..%2fetc', '']) {
    expect(await get(`${api}/api/v1/signing/session/${id}`)).toMatchObject({
      status: 404,
      body: { error: 'SessionNotFound' },
    });
  }
});

test('can-sign says yes when it can, and every reason when it cannot', async () => {
  expect(await get(`${metrics}/can-sign`)).toMatchObject({
    status: 200,
    body: { can_sign: true, reasons: [], ...tip },
  });
  report = {
    ...ready,
    state: 'joining',
    reasons: ['3 of 10'],
    keysets: [],
    orders: { number: 5, frozenUntilSeconds: now / 1000 + 60 },
  };
  const answer = await get(`${api}/can-sign`);
  expect(answer.status).toBe(503);
  expect(answer.body['reasons']).toEqual([
    'state is joining',
    '3 of 10',
    'payouts are frozen by order 5',
    'no active key',
  ]);
});

test('by which grant payouts are frozen, and which committee is obeyed, stands in status and metrics while it lasts', async () => {
  const frozenBy = { kind: 'break-glass', number: 2, grant: 'ab'.repeat(32) as Digest, run: 'r', step: 's' } as const;
  report = { ...ready, orders: { number: 4, frozenUntilSeconds: now / 1000 + 60 }, frozenBy };
  const status = { frozen_by: frozenBy, freezes_left: 2, committee_epoch: 2, grant_uses: 3, double_signed: 1 };
  expect((await get(`${api}/api/v1/status`)).body).toMatchObject(status);
  expect((await get(`${api}/can-sign`)).body['reasons']).toEqual([
    'payouts are frozen by break-glass 2, used by r at s',
  ]);
  const page = async () => (await fetch(`${metrics}/metrics`)).text();
  const line = (name: string, value: number) => `firebreak_${name}{validator_id="validator-007"} ${value}\n`;
  const outflow = { outflow_sats: 700, outflow_cap_sats: 900 };
  for (const [name, value] of Object.entries({
    committee_epoch: 2,
    grant_uses: 3,
    break_glass_uses: 2,
    double_signed: 1,
    frozen: 1,
    ...outflow,
  }))
    expect(await page()).toContain(line(name, value));
  expect(await page()).toContain(line('frozen_until_seconds', now / 1000 + 60));
  report = { ...ready, orders: { number: 4, frozenUntilSeconds: now / 1000 - 1 }, frozenBy };
  expect((await get(`${api}/api/v1/status`)).body).toMatchObject({ frozen_by: null });
  expect(await page()).toContain(line('frozen_until_seconds', 0));
});

test('a validator that froze by itself says so, and what ends it, in status, can-sign and metrics', async () => {
  const chainTip = { hash: 'ab'.repeat(32), height: 120 };
  const frozenBy = { kind: 'own-chain', number: 4, tip: chainTip, reason: 'policy.reorg-too-deep: 9 blocks' } as const;
  report = { ...ready, orders: { number: 4, frozenUntilSeconds: FROZEN_UNTIL_LIFTED_SECONDS }, frozenBy };
  expect((await get(`${api}/api/v1/status`)).body).toMatchObject({ frozen_by: frozenBy });
  const [reason] = (await get(`${api}/can-sign`)).body['reasons'] as string[];
  expect(reason).toContain('by this validator itself until a lift above order 4 names a block of the chain');
  const page = async () => (await fetch(`${metrics}/metrics`)).text();
  expect(await page()).toContain('firebreak_frozen_by_chain{validator_id="validator-007"} 1\n');
  report = ready;
  expect(await page()).toContain('firebreak_frozen_by_chain{validator_id="validator-007"} 0\n');
});

test('each of several Bitcoin nodes stands in the status, and what is wrong with one in the metrics until it is over', async () => {
  const good = { name: '127.0.0.1:1', isInUse: true, tipHeight: 123, says: 'has our tip' };
  const bad = { name: '127.0.0.1:2', isInUse: false, says: 'lies', code: 'policy.node-lies' };
  const trouble = { code: 'policy.node-lies', message: 'it lies' };
  chain = { nodes: [good, bad], trouble, rolledBackBlocks: 3 };
  expect((await get(`${api}/api/v1/status`)).body['bitcoin_nodes']).toEqual([
    { node: good.name, in_use: true, tip_height: 123, says: good.says, code: null },
    { node: bad.name, in_use: false, tip_height: null, says: bad.says, code: bad.code },
  ]);
  const page = async () => (await fetch(`${metrics}/metrics`)).text();
  const node = (value: number) =>
    `firebreak_bitcoin_node_trouble{validator_id="validator-007",node="127.0.0.1:2",code="policy.node-lies"} ${value}\n`;
  const own = (value: number) =>
    `firebreak_chain_trouble{validator_id="validator-007",code="policy.node-lies"} ${value}\n`;
  const text = await page();
  expect(text).toContain(node(1));
  expect(text).toContain(own(1));
  expect(text).not.toContain('127.0.0.1:1"');
  expect(text).toContain('firebreak_chain_blocks_rolled_back{validator_id="validator-007"} 3\n');
  chain = {};
  const after = await page();
  expect(after).toContain(node(0));
  expect(after).toContain(own(0));
});

test("the specification's unauthenticated signing request is gone, and says why", async () => {
  for (const path of ['/signing/request', '/api/v1/signing/request']) {
    const response = await fetch(`${api}${path}`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(410);
    expect(((await response.json()) as { message: string }).message).toContain('release request');
  }
});

test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s changes nothing anywhere', async (method) => {
  for (const url of [`${api}/api/v1/status`, `${metrics}/metrics`]) {
    const response = await fetch(url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  }
});

test('identities that were seen twice are told with times, and as metrics of every validator while they last', async () => {
  const envelope = create(EnvelopeSchema);
  const seen = {
    validator: validatorId(4),
    addresses: 2,
    journals: 2,
    firstAtMs: now - 5_000,
    lastAtMs: now,
    isNow: true,
    times: 3,
    proof: [envelope, envelope],
  } as const;
  const series = async (name: string): Promise<string[]> => {
    const text = await (await fetch(`${metrics}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(`${name}{`));
  };
  const line = (name: string, validator: string, value: number): string =>
    `${name}{validator_id="validator-007",validator="${validator}"} ${value}`;

  report = { ...ready, sightings: [seen] };
  expect((await get(`${api}/api/v1/status`)).body['identities_seen_twice']).toEqual([
    {
      validator_id: 'validator-004',
      addresses: 2,
      journals: 2,
      first_at: '2026-11-24T11:59:55.000Z',
      last_at: '2026-11-24T12:00:00.000Z',
    },
  ]);
  for (const name of ['firebreak_identity_seen_twice', 'firebreak_validator_copy_running'])
    expect(await series(name)).toEqual([line(name, 'validator-003', 0), line(name, 'validator-004', 1)]);
  const times = 'firebreak_identity_sightings_total';
  expect(await series(times)).toEqual([line(times, 'validator-003', 0), line(times, 'validator-004', 3)]);

  report = { ...ready, sightings: [{ ...seen, journals: 1 }] };
  expect(await series('firebreak_validator_copy_running')).toContain(
    line('firebreak_validator_copy_running', 'validator-004', 0),
  );
  report = { ...ready, sightings: [{ ...seen, isNow: false }] };
  expect(await series('firebreak_identity_seen_twice')).toContain(
    line('firebreak_identity_seen_twice', 'validator-004', 0),
  );
});

test('other paths are not found, and metrics are not on the API port', async () => {
  for (const path of ['/', '/metrics', '/api/v1', `/${'a'.repeat(500)}`])
    expect((await fetch(`${api}${path}`)).status).toBe(404);
  expect((await fetch(`${metrics}/api/v1/status`)).status).toBe(404);
});

test('every declared metric is exported under its name, with the validator as label', async () => {
  const trouble = { code: 'policy.node-lies', message: '' };
  chain = { trouble, nodes: [{ name: 'node:1', isInUse: true, says: '', code: trouble.code }] };
  const text = await (await fetch(`${metrics}/metrics`)).text();
  for (const name of Object.keys(validatorMetrics))
    expect(text).toMatch(new RegExp(`^${name}\\{validator_id="validator-007"`, 'm'));
});

test('counters count from the start however often they are scraped, and drops of both layers add up', async () => {
  await fetch(`${metrics}/metrics`);
  const text = await (await fetch(`${metrics}/metrics`)).text();
  const value = (series: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1);
  expect(value('validator_signatures_signed{validator_id="validator-007"}')).toBe('3');
  expect(value('firebreak_messages_dropped_total{validator_id="validator-007",reason="oversized"}')).toBe('5');
  expect(value('network_latency_seconds{validator_id="validator-007",peer="validator-003",quantile="0.95"}')).toBe(
    '0.02',
  );
  expect(value('signature_time_seconds{validator_id="validator-007",quantile="0.5"}')).toBe('2');
  expect(value('validator_online{validator_id="validator-007"}')).toBe('1');
  expect(Number(value('validator_disk_usage_bytes{validator_id="validator-007"}'))).toBeGreaterThanOrEqual(1_000);
});

test('a port that is in use is named with the setting to change, and nothing stays open', async () => {
  const again = startHttp({
    host: '127.0.0.1',
    apiPort: 0,
    metricsPort: servers.metricsPort,
    view: view(),
    logger: silentLogger,
  });
  await expect(again).rejects.toMatchObject({
    code: 'unavailable.port-in-use',
    details: { port: servers.metricsPort, field: 'monitoring.metrics_port' },
  });
});
