import { expect, test } from '@jest/globals';
import { alertmanagerBody, asAlertmanager, READER } from '../../api/testkit/delivering.ts';
import { linesOf } from '../../domain/incident/standing.ts';
import { INCIDENT, startIncident } from '../../workflows/incident/messages.ts';
import { RECORD_ALERT } from '../../workflows/record-alert/messages.ts';
import { onApi } from './rig/api.ts';
import { remembered } from './rig/incidents.ts';
import { eventually } from './rig/rig.ts';

const TASK_QUEUE = `readers-${process.pid}`;
const on = onApi(TASK_QUEUE);

const digest = '0'.repeat(64) as Parameters<typeof startIncident>[0]['playbook']['playbook'];
async function opened(key: string, title: string): Promise<string> {
  const input = {
    network: 'laptop',
    key,
    title,
    severity: 'SEV2' as const,
    playbook: { name: 'nothing', playbook: digest, plan: { digest, sizeBytes: 1 }, library: {}, inputs: {} },
  };
  const { workflowId } = await on.env.client.workflow.start(INCIDENT, startIncident(input, TASK_QUEUE));
  return workflowId;
}
const get = (path: string, token: string | undefined = READER): Promise<Response> =>
  fetch(`${on.api.url}${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

test('a reader is shown what the command line shows, though no worker has ever run', async () => {
  const id = await opened('read', 'Of a test [x](http://evil.example) \u001b[2J');
  const response = await get(`/v1/incidents/${encodeURIComponent(id)}`);
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  const standing = await remembered(on.env.client.workflow.getHandle(id));
  expect(await response.json()).toEqual({ id, status: 'running', standing, lines: linesOf(standing, Date.now()) });
  expect(linesOf(standing, Date.now()).join('\n')).not.toContain('\u001b');
  await eventually('it is listed', async () => {
    const { incidents } = (await (await get('/v1/incidents?limit=5')).json()) as { incidents: { id: string }[] };
    return incidents.some((each) => each.id === id);
  });
});

test('without the token of a reader nothing is said, not even whether something exists; a name that is none finds nothing', async () => {
  const id = await opened('hidden', 'Of a test');
  for (const path of [
    '/v1/incidents',
    `/v1/incidents/${encodeURIComponent(id)}`,
    '/v1/incidents/incident%2Flaptop%2Fnone',
  ])
    for (const token of [undefined, 'wrong', 'token-of-the-tests-0123456789']) {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(`${on.api.url}${path}`, { headers });
      expect([path, response.status, await response.json()]).toEqual([
        path,
        401,
        { error: { code: 'policy.reader-unauthenticated', message: expect.any(String) } },
      ]);
    }
  for (const name of ['incident%2Flaptop%2Fnone', 'runPlaybook%2Flaptop%2Fhidden', '..%2F..', 'x'.repeat(300)])
    expect((await get(`/v1/incidents/${name}`)).status).toBe(404);
  const changing = await fetch(`${on.api.url}/v1/incidents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${READER}` },
  });
  expect(changing.status).toBe(404);
});

test('the alert that always fires says that its sender lives, and is no alert', async () => {
  const before = Date.now();
  const body = alertmanagerBody([{ id: 'beat', name: 'Watchdog' }]);
  const response = await asAlertmanager(on.api.url, body);
  expect([response.status, await response.json()]).toEqual([200, { recorded: [] }]);
  const { heartbeats } = (await (await fetch(`${on.api.statusUrl}/health`)).json()) as {
    heartbeats: Record<string, number>;
  };
  expect(heartbeats['prometheus']).toBeGreaterThanOrEqual(before);
  expect(await (await fetch(`${on.api.statusUrl}/metrics`)).text()).toMatch(
    /firebreak_api_heartbeat_timestamp_seconds\{source="prometheus"\} [1-9]/,
  );
  const { heartbeats: same } = (await (await fetch(`${on.api.statusUrl}/health`)).json()) as { heartbeats: unknown };
  expect(same).toEqual(heartbeats);
  const resolved = alertmanagerBody([{ id: 'beat', name: 'Watchdog', status: 'resolved' }]);
  expect((await asAlertmanager(on.api.url, resolved)).status).toBe(200);
  const records = [];
  for await (const run of on.env.client.workflow.list({ query: `WorkflowType = '${RECORD_ALERT}'` })) records.push(run);
  expect(records).toEqual([]);
});
