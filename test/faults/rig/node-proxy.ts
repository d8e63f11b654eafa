import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

export type Call = { readonly method: string; readonly params: readonly unknown[] };
export type Reply = { readonly result: unknown; readonly error: unknown };
/** Changes what the node said on its way to the validator. */
export type Lie = (call: Call, reply: Reply) => Reply;

export const honest: Lie = (_call, reply) => reply;

export type NodeProxy = { readonly url: string; lie: Lie; stop(): Promise<void> };

const BODY_BYTES_MAX = 16 << 20;
const NODE_MS = 10_000;

/** Stands between one validator and its Bitcoin node and passes everything on, until it is told to lie. */
export async function nodeProxy(nodeUrl: string): Promise<NodeProxy> {
  const proxy: { lie: Lie } = { lie: honest };
  const server = createServer((request, response) => {
    void (async () => {
      try {
        const body = await bodyOf(request);
        const answer = await fetch(nodeUrl, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: String(request.headers.authorization ?? ''),
          },
          body,
          signal: AbortSignal.timeout(NODE_MS),
        });
        const text = await answer.text();
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(answer.ok ? changed(proxy.lie, body, text) : text);
      } catch {
        response.destroy(); // what a node that is gone looks like
      }
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(proxy, {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

function changed(lie: Lie, body: string, text: string): string {
  const call = JSON.parse(body) as Call;
  const { result, error, ...rest } = JSON.parse(text) as Reply;
  return JSON.stringify({ ...rest, ...lie(call, { result, error }) });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > BODY_BYTES_MAX) throw new Error('the request is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The last byte of a block is the lock time of its last transaction: another txid, which the merkle root does not cover. */
export const lyingMerkleRoot: Lie = ({ method }, reply) => {
  if (method !== 'getblock' || typeof reply.result !== 'string') return reply;
  const last = Number.parseInt(reply.result.slice(-2), 16) ^ 1;
  return { ...reply, result: reply.result.slice(0, -2) + last.toString(16).padStart(2, '0') };
};

/** Block 0 of mainnet, and all else as before. A real node of another network is in test/compliance/other-nodes.test.ts. */
export const otherNetwork: Lie = ({ method, params }, reply) =>
  method === 'getblockhash' && params[0] === 0
    ? { ...reply, result: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f' }
    : reply;

/**
 * Bitcoin Core's words when blocks were thrown away. A real node throws nothing away before it has more than 550 MiB of blocks (btcd:
 * 1,536), which no test makes; that a real node which only says that it prunes is used is in test/compliance/other-nodes.test.ts.
 */
export const prunedNode: Lie = ({ method }, reply) => {
  if (method === 'getblock') return { result: null, error: { code: -1, message: 'Block not available (pruned data)' } };
  if (method !== 'getblockchaininfo') return reply;
  return { ...reply, result: { ...(reply.result as object), pruned: true } };
};
