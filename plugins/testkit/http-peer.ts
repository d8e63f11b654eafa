import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PeerMood } from './notifier.ts';

export type PeerRequest = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };
export type PeerAnswer = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
};
export type HttpPeer = { readonly url: string; become(mood: PeerMood): Promise<void>; close(): Promise<void> };

/**
 * A receiver on this machine that answers by a vendor's documented contract; a mood decides only what the contract leaves to fate.
 * Port 0 is any free one.
 */
export async function httpPeer(
  answer: (request: PeerRequest) => PeerAnswer,
  moods: Readonly<Record<Exclude<PeerMood, 'well' | 'silent'>, PeerAnswer>>,
  port = 0,
): Promise<HttpPeer> {
  let mood: PeerMood = 'well';
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (mood === 'silent') return;
      const asked = { path: request.url ?? '/', headers: request.headers, body };
      const { status, headers = {}, body: said } = mood === 'well' ? answer(asked) : moods[mood];
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(said === undefined ? '' : JSON.stringify(said));
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    become: async (next) => {
      mood = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
