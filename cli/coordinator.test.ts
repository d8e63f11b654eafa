import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { afterEach, expect, test } from '@jest/globals';
import { withClient } from './coordinator.ts';
import type { Operator } from './operator.ts';

const UNAVAILABLE = '14';
const NOT_FOUND = '5';
const EMPTY_MESSAGE = Buffer.alloc(5);

let server: Http2Server | undefined;
afterEach(
  async () => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))),
);

/** A Temporal that greets, and then answers each method with the gRPC status that `statusOf` gives. */
async function engine(statusOf: (method: string) => string): Promise<Operator> {
  const made = createServer();
  server = made;
  made.on('stream', (stream: ServerHttp2Stream, headers) => {
    const method = String(headers[':path']).split('/').at(-1) ?? '';
    const status = method === 'GetSystemInfo' ? '0' : statusOf(method);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': 'said by the test' }));
    stream.end(status === '0' ? EMPTY_MESSAGE : undefined);
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { temporal: { address: `127.0.0.1:${port}`, namespace: 'default' } } as Operator;
}

test('a question that is still repeated when another one has failed is waited for before the line is closed', async () => {
  let listed = 0;
  const repeated = Promise.withResolvers<void>();
  const operator = await engine((method) => {
    if (method !== 'ListWorkflowExecutions') return NOT_FOUND;
    listed += 1;
    if (listed === 2) repeated.resolve();
    return UNAVAILABLE;
  });
  const ends: string[] = [];
  const asking = withClient(operator, async (client) => {
    const listing = client.workflowService
      .listWorkflowExecutions({ namespace: 'default', query: '' })
      .catch(() => ends.push('list'));
    await repeated.promise; // the SDK repeats it by now, from a timer
    await Promise.all([client.workflow.getHandle('payOut/test/1').describe(), listing]);
  });
  await expect(asking).rejects.toMatchObject({ code: 'input.unknown-process' });
  expect(ends).toEqual(['list']);
  expect(listed).toBeGreaterThan(1);
});

test('an engine that answers nothing but its greeting is not reachable, by name', async () => {
  const operator = await engine(() => UNAVAILABLE);
  const ask = withClient(operator, (client) =>
    client.withDeadline(Date.now() + 500, () => client.workflow.getHandle('payOut/test/1').describe()),
  );
  await expect(ask).rejects.toMatchObject({
    code: 'unavailable.coordinator',
    message: expect.stringContaining('127.0.0.1:'),
  });
});

test.each([
  ['payOut/test/1', 'input.unknown-process'],
  ['incident/test/1', 'input.unknown-incident'],
  ['runPlaybook/test/1', 'input.unknown-incident'],
])('what does not exist is looked for where its kind is listed: %s', async (id, code) => {
  const operator = await engine(() => NOT_FOUND);
  const ask = withClient(operator, (client) => client.workflow.getHandle(id).describe());
  await expect(ask).rejects.toMatchObject({ code, message: expect.stringContaining(id) });
});
