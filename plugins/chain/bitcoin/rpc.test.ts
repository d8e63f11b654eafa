import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect, test } from '@jest/globals';
import { basicAuthorization, connectRpc, parseWithoutFloats, type RpcOptions } from './rpc.ts';

/** A server that answers as told, and a client for it. */
async function against<T>(
  listener: RequestListener,
  run: (call: (method?: string) => Promise<unknown>) => Promise<T>,
  options: Partial<RpcOptions> = {},
): Promise<T> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address !== 'string' ? address.port : 0;
  const rpc = connectRpc({
    url: `http://127.0.0.1:${port}/`,
    authorization: async () => basicAuthorization('someone', 'open sesame'),
    timeoutMs: 2_000,
    maxResponseBytes: 1_000,
    ...options,
  });
  try {
    return await run((method = 'getbestblockhash') => rpc.call(method, []));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const answering =
  (status: number, body: string): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { connection: 'close' }).end(body);
  };

test('numbers that are not whole stay text, so that no amount passes through floating point', () => {
  expect(parseWithoutFloats('{"a":0.00001000,"b":7,"c":[1e-8],"d":9007199254740993,"e":-1}')).toEqual({
    a: '0.00001000',
    b: 7,
    c: ['1e-8'],
    d: '9007199254740993',
    e: -1,
  });
});

test.each([200, 500])('an error body is a refusal with HTTP status %d', async (status) => {
  const body = '{"id":1,"result":null,"error":{"code":-5,"message":"not\\nhere"}}';
  const answer = await against(answering(status, body), (call) => call());
  expect(answer).toEqual({ ok: false, code: -5, message: 'not here' });
});

test('a result is given as it is, also null', async () => {
  expect(await against(answering(200, '{"id":1,"result":null,"error":null}'), (call) => call())).toEqual({
    ok: true,
    result: null,
  });
});

test.each([
  ['an answer that is cut off', '{"id":1,"result":"00'],
  ['an answer to another request', '{"id":2,"result":"00","error":null}'],
  ['an answer of a web server', '<html>502</html>'],
  ['an answer without result and error', '{"id":1}'],
  ['an answer beyond the size limit', `{"id":1,"result":"${'0'.repeat(2_000)}","error":null}`],
])('%s is garbled', async (_what, body) => {
  await expect(against(answering(200, body), (call) => call())).rejects.toMatchObject({
    code: 'unavailable.node-garbled',
  });
});

test('a connection that ends in the middle of an answer is the node going down', async () => {
  const cut: RequestListener = (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"id":1,"res');
    setImmediate(() => response.destroy());
  };
  await expect(against(cut, (call) => call())).rejects.toMatchObject({ code: 'unavailable.node-down' });
});

test('whatever changes to another protocol instead of answering is the node being down', async () => {
  const changing: RequestListener = (request) =>
    void request.socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n');
  await expect(against(changing, (call) => call())).rejects.toMatchObject({ code: 'unavailable.node-down' });
});

test('a connection is kept for the next call, and one that the node has closed meanwhile costs no answer', async () => {
  const connections = new Set<unknown>();
  const asked = new Map<unknown, number>();
  const keeping: RequestListener = (request, response) => {
    const { socket } = request;
    connections.add(socket);
    asked.set(socket, (asked.get(socket) ?? 0) + 1);
    // As a node does that gave the connection up while the third call was on its way.
    if (asked.get(socket) === 3) return void socket.resetAndDestroy();
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => response.end(`{"id":${JSON.parse(text).id},"result":"here","error":null}`));
  };
  await against(keeping, async (call) => {
    for (const opened of [1, 1, 2]) {
      expect(await call()).toEqual({ ok: true, result: 'here' });
      expect(connections.size).toBe(opened);
    }
  });
});

test('refused credentials name the settings to check and not the password', async () => {
  const failure = await against(answering(401, ''), (call) => call().catch((cause: unknown) => cause));
  expect(failure).toMatchObject({ code: 'input.node-credentials' });
  expect(String(failure)).not.toContain('sesame');
});

test('a node that does not answer in time is slow, one that does not listen is down', async () => {
  const silence: RequestListener = () => undefined;
  await expect(against(silence, (call) => call(), { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'unavailable.node-slow',
  });
  const nobody = connectRpc({
    url: 'http://127.0.0.1:1/',
    authorization: async () => undefined,
    timeoutMs: 2_000,
    maxResponseBytes: 10,
  });
  await expect(nobody.call('getbestblockhash', [])).rejects.toMatchObject({ code: 'unavailable.node-down' });
});

test('a caller that gives up gets its own reason and not a failure of the node', async () => {
  const stop = new AbortController();
  const rpc = connectRpc({
    url: 'http://127.0.0.1:1/',
    authorization: async () => undefined,
    timeoutMs: 2_000,
    maxResponseBytes: 10,
  });
  stop.abort(new Error('no longer needed'));
  await expect(rpc.call('getbestblockhash', [], stop.signal)).rejects.toThrow('no longer needed');
});
