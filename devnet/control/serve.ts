import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { LOOPBACK } from '../ports.ts';
import { validatorId } from '../../domain/network/network.ts';
import type { Copies } from '../copy.ts';
import type { DevnetChain } from '../network.ts';
import { type ChainOrder, type ChainReceipt, chainOrder } from './orders.ts';

const BODY_BYTES_MAX = 4_096;
const BODY_MS = 5_000;
const CONNECTIONS_MAX = 8;

export type Control = { close(): Promise<void> };

/**
 * Lets another process of the same user pay out of the faucet and mine, through the one that owns the chain: two that mined at the
 * same time would fork it. Whoever asks has read the secret, which is drawn at each start and lies where only the owner can read.
 */
export async function serveControl(
  where: { readonly port: number; readonly secretFile: string },
  chain: DevnetChain,
  copies: Copies,
): Promise<Control> {
  const secret = Buffer.from(randomBytes(32).toString('hex'));
  const server = createServer((request, response) => {
    answer(request, secret, chain, copies).then(
      ([status, body]) => send(response, status, body),
      (error: unknown) => send(response, 500, { refusal: error instanceof Error ? error.message : String(error) }),
    );
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.requestTimeout = BODY_MS;
  server.listen({ port: where.port, host: LOOPBACK, exclusive: true });
  await once(server, 'listening');
  // Only now: the file says that somebody listens who knows it.
  rmSync(where.secretFile, { force: true });
  writeFileSync(where.secretFile, secret, { flag: 'wx', mode: 0o600 });
  return {
    close: async () => {
      rmSync(where.secretFile, { force: true });
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  secret: Buffer,
  chain: DevnetChain,
  copies: Copies,
): Promise<readonly [status: number, body: ChainReceipt | { readonly refusal: string }]> {
  if (!isKnown(request.headers.authorization, secret)) return [401, { refusal: 'the secret of this devnet is wrong' }];
  const order = chainOrder.safeParse(parsed(await bodyOf(request)));
  if (!order.success) return [400, { refusal: order.error.issues[0]?.message ?? 'this is no order' }];
  return [200, await carryOut(order.data, chain, copies)];
}

async function carryOut(order: ChainOrder, chain: DevnetChain, copies: Copies): Promise<ChainReceipt> {
  if (order.order === 'copy' || order.order === 'end-copy') {
    const id = validatorId(order.validator);
    const copy = order.order === 'copy' ? await copies.start(id) : await copies.stop(id);
    return { height: (await chain.tip()).height, copy: { folder: copy.dir, api: copy.api } };
  }
  const outpoint = order.order === 'fund' ? await chain.fund(order.script, order.amountSats) : undefined;
  const mined = await chain.mine(order.blocks);
  const { height } = mined.at(-1) ?? (await chain.tip());
  return { height, ...(outpoint === undefined ? {} : { outpoint }) };
}

function isKnown(authorization: string | undefined, secret: Buffer): boolean {
  const given = Buffer.from(authorization?.replace(/^Bearer /, '') ?? '');
  return given.length === secret.length && timingSafeEqual(given, secret);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > BODY_BYTES_MAX) throw new Error(`an order has at most ${BODY_BYTES_MAX} bytes`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema says no
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
}
