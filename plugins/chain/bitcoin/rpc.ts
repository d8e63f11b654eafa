import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { AnswerTooLong, post } from './post.ts';

/** What a node says: its result, or its refusal as a value. A refusal is an answer; only silence and noise are thrown. */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly message: string };

/** One node. Throws `unavailable.node-down`, `-slow`, `-garbled` or `input.node-credentials`; never an error of the connection. */
export type NodeRpc = {
  /** Host and port, for messages; never a credential. */
  readonly name: string;
  call(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<RpcAnswer>;
};

export type RpcOptions = {
  readonly url: string;
  /** Value of the Authorization header; asked for every call, because Core writes a new cookie at each start. */
  readonly authorization: () => Promise<string | undefined>;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
};

export const basicAuthorization = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;

type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/** Numbers that are not safe integers stay text: an amount or a fee rate never passes through floating point. */
export const parseWithoutFloats = (text: string): unknown =>
  (JSON.parse as ParseWithSource)(text, (_key, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) ? context.source : value,
  );

/** A JSON-RPC 1.0 client for Bitcoin Core and btcd. */
export function connectRpc(options: RpcOptions): NodeRpc {
  const url = new URL(options.url);
  const name = url.host;
  let nextId = 1;
  const call = async (method: string, params: readonly unknown[], signal?: AbortSignal): Promise<RpcAnswer> => {
    const id = nextId++;
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const authorization = await options.authorization();
    let status: number;
    let body: Uint8Array;
    try {
      ({ status, body } = await post({
        url,
        headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
        body: JSON.stringify({ jsonrpc: '1.0', id, method, params }),
        bytesMax: options.maxResponseBytes,
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      }));
    } catch (cause) {
      if (cause instanceof AnswerTooLong)
        throw garbled(name, method, `is longer than ${options.maxResponseBytes} bytes`);
      signal?.throwIfAborted();
      if (timeout.aborted) {
        throw new FirebreakFailure(
          'unavailable.node-slow',
          `Bitcoin node ${name} did not answer ${method} within ${options.timeoutMs} ms`,
          { node: name, method, timeoutMs: options.timeoutMs },
        );
      }
      throw new FirebreakFailure(
        'unavailable.node-down',
        `Bitcoin node ${name} does not answer ${method} (${reasonOf(cause)}); start it or check rpc_urls`,
        { node: name, method },
      );
    }
    if (status === 401 || status === 403) {
      throw new FirebreakFailure(
        'input.node-credentials',
        `Bitcoin node ${name} refused the credentials; check rpc_user, rpc_password_env or rpc_cookie_file`,
        { node: name },
      );
    }
    return readAnswer(body, id, { name, method, status });
  };
  return { name, call };
}

/** The result, or `unavailable.node-refused`: for reads whose refusal has no meaning of its own. */
export async function callForResult(
  rpc: NodeRpc,
  method: string,
  params: readonly unknown[],
  signal?: AbortSignal,
): Promise<unknown> {
  const answer = await rpc.call(method, params, signal);
  if (answer.ok) return answer.result;
  throw new FirebreakFailure(
    'unavailable.node-refused',
    `Bitcoin node ${rpc.name} refused ${method}: ${answer.message}`,
    { node: rpc.name, method, rpcCode: answer.code },
  );
}

export const garbled = (node: string, method: string, what: string): FirebreakFailure =>
  new FirebreakFailure('unavailable.node-garbled', `the answer of Bitcoin node ${node} to ${method} ${what}`, {
    node,
    method,
  });

/** The body decides, not the HTTP status: btcd answers 200 with an error body, Core 500. */
function readAnswer(body: Uint8Array, id: number, where: { name: string; method: string; status: number }): RpcAnswer {
  let value: unknown;
  try {
    value = parseWithoutFloats(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  } catch {
    throw garbled(where.name, where.method, `is cut off or not JSON (HTTP ${where.status})`);
  }
  if (typeof value !== 'object' || value === null || !('id' in value) || value.id !== id) {
    throw garbled(where.name, where.method, `belongs to no request of ours (HTTP ${where.status})`);
  }
  if ('error' in value && typeof value.error === 'object' && value.error !== null) return readRefusal(value.error);
  if (!('result' in value)) throw garbled(where.name, where.method, 'has neither a result nor an error');
  return { ok: true, result: value.result };
}

function readRefusal(error: object): RpcAnswer {
  const code = 'code' in error && typeof error.code === 'number' ? error.code : 0;
  const message = 'message' in error && typeof error.message === 'string' ? error.message : 'no reason given';
  return { ok: false, code, message: printable(message) };
}

/** Text of a stranger: one line, bounded, before it reaches a log. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);

/** The system's word for it: ECONNREFUSED … */
function reasonOf(cause: unknown): string {
  const named = typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string';
  return named ? printable(String(cause.code)) : 'the connection failed';
}
