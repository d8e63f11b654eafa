import { expect, test } from '@jest/globals';
import type { Client } from '@temporalio/client';
import type { Operator } from '../operator.ts';
import { endingsOf, evidenceOf, processOf, processRuns } from './find.ts';
import { processLine } from './list.ts';
import type { History } from './mentions.ts';

const operator = { genesis: { name: 'custody-test' } } as Operator;
const SIGNING = `signing-${'ab'.repeat(16)}`;
const payload = (value: unknown) => ({ payloads: [{ data: Buffer.from(JSON.stringify(value)) }] });
const gathered: History = {
  events: [
    { activityTaskScheduledEventAttributes: { input: payload({ txid: 'cd' }) } },
    {
      activityTaskCompletedEventAttributes: { result: payload({ gathering: 'open', session: { ceremony: SIGNING } }) },
    },
  ],
};

/** An engine with these processes, the first named one running with that history, the others completed with that result. */
function engine(running: Readonly<Record<string, History>>, completed: Readonly<Record<string, unknown>> = {}): Client {
  const run = (workflowId: string, name: string) => ({
    workflowId,
    type: 'payOut',
    status: { name },
    startTime: new Date(0),
    closeTime: undefined,
  });
  return {
    workflow: {
      list: async function* () {
        for (const id of Object.keys(running)) yield run(id, 'RUNNING');
        for (const id of Object.keys(completed)) yield run(id, 'COMPLETED');
      },
      getHandle: (id: string) => ({
        fetchHistory: async () => running[id],
        result: async () => completed[id],
        query: async () => WATCHING,
      }),
    },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  } as unknown as Client;
}

test('the process of a ceremony is found while it runs', async () => {
  const client = engine({ 'openVault/custody-test/1': { events: [] }, 'payOut/custody-test/2': gathered });
  expect(await processOf(client, operator, SIGNING)).toBe('payOut/custody-test/2');
});

test('and when it is over, by its result', async () => {
  const evidence = { digest: 'ef', sizeBytes: 1 };
  const client = engine({}, { 'payOut/custody-test/3': { ceremony: SIGNING, evidence } });
  expect(await processOf(client, operator, SIGNING)).toBe('payOut/custody-test/3');
});

test('a ceremony whose id is only the beginning of another one is not taken for it', async () => {
  const client = engine({ 'payOut/custody-test/2': gathered });
  await expect(processOf(client, operator, SIGNING.slice(0, -2))).rejects.toMatchObject({
    code: 'input.unknown-process',
    message: expect.stringContaining('payOut/'),
  });
});

test('the name of a process is taken as it is', async () => {
  expect(await processOf(engine({}), operator, 'payOut/custody-test/9')).toBe('payOut/custody-test/9');
});

/** The result of what runs is never there: whoever waits for it hangs. */
const running = (query: () => Promise<unknown>) => {
  const handle = {
    describe: async () => ({ status: { name: 'RUNNING' } }),
    query,
    result: () => new Promise(() => undefined),
  };
  return {
    workflow: { getHandle: () => handle },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
  } as unknown as Client;
};
const WATCHING = {
  phase: 'confirming',
  next: 'three more blocks',
  have: 3,
  need: 6,
  missing: [],
  meanwhile: 'nothing',
};

test.each([
  ['how far it is', async () => WATCHING, 'confirming 3 of 6: three more blocks'],
  ['that it runs when no worker answers', () => Promise.reject(new Error('no worker')), 'still runs. '],
])('the evidence of a process that runs is refused at once and says %s', async (_what, query, says) => {
  const id = 'confirmDeposit/custody-test/2';
  await expect(evidenceOf(running(query), operator, id)).rejects.toMatchObject({
    code: 'not-yet.evidence',
    message: expect.stringContaining(says),
  });
  await expect(evidenceOf(running(query), operator, id)).rejects.toThrow(`firebreak ceremony show ${id}`);
});

test('the evidence of a ceremony whose process still runs is not called unknown', async () => {
  const client = engine({ 'payOut/custody-test/2': gathered });
  await expect(evidenceOf(client, operator, SIGNING)).rejects.toMatchObject({
    code: 'not-yet.evidence',
    message: expect.stringContaining('payOut/custody-test/2 still runs: confirming 3 of 6'),
  });
  await expect(evidenceOf(client, operator, SIGNING)).rejects.toThrow('firebreak ceremony show payOut/custody-test/2');
});

test('a process that completed with a refusal is listed as refused, with the code', async () => {
  const refusal = { code: 'policy.frozen', message: 'frozen by order 3' };
  const client = engine(
    { 'payOut/custody-test/1': gathered },
    {
      'payOut/custody-test/2': { outcome: 'refused', refusal, sessions: 0 },
      'payOut/custody-test/3': { outcome: 'settled' },
      'recordAlert/4': undefined,
    },
  );
  const runs = await processRuns(client, operator, 10);
  const endings = await endingsOf(client, runs);
  expect(runs.map((run) => processLine({ ...run, ...endings.get(run.workflowId) }))).toEqual([
    expect.stringMatching(/Z? +RUNNING +payOut\/custody-test\/1$/),
    expect.stringMatching(/ REFUSED +payOut\/custody-test\/2 +policy\.frozen$/),
    expect.stringMatching(/ COMPLETED +payOut\/custody-test\/3$/),
    expect.stringMatching(/ COMPLETED +recordAlert\/4$/),
  ]);
});

test('the evidence of a process that is over is what its result names', async () => {
  const evidence = { digest: 'ef', sizeBytes: 1 };
  const handle = { describe: async () => ({ status: { name: 'COMPLETED' } }), result: async () => ({ evidence }) };
  const client = { workflow: { getHandle: () => handle } } as unknown as Client;
  expect(await evidenceOf(client, operator, 'payOut/custody-test/3')).toMatchObject({ ref: evidence });
});
