import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';

/** `bytesMax` bounds the answer's body, `signal` the whole exchange. */
export type Post = {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bytesMax: number;
  readonly signal: AbortSignal;
};

export type Answer = { readonly status: number; readonly body: Uint8Array };

/** The answer is longer than whoever asked takes. */
export class AnswerTooLong extends Error {}

/** What the system says of a kept connection that the other side has closed. */
const GIVEN_UP: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

const plain = { request: plainRequest, agent: new PlainAgent({ keepAlive: true }) };
const secure = { request: secureRequest, agent: new SecureAgent({ keepAlive: true }) };

/**
 * One POST over Node's own client, which costs half the processor time of `fetch`: a validator asks its node every second, and sixteen of them on
 * a laptop do. Redirects are not followed. Rejects with the system's error, with an `AbortError` once `signal` says so, or with `AnswerTooLong`.
 */
export const post = (what: Post): Promise<Answer> => exchange(what, true);

function exchange(what: Post, mayReuse: boolean): Promise<Answer> {
  const { url, headers, body, bytesMax, signal } = what;
  const { request, agent } = url.protocol === 'https:' ? secure : plain;
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const options = { method: 'POST', headers: { ...headers, ...length }, signal, agent: mayReuse ? agent : false };
    let hasBegun = false;
    const sending = request(url, options, (answer) => {
      hasBegun = true;
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > bytesMax) answer.destroy(new AnswerTooLong());
        else chunks.push(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks, size) }));
    });
    sending.on('error', (cause: NodeJS.ErrnoException) => {
      // The node gave up a connection that was kept open. No question to a node does harm when it is put twice.
      if (!hasBegun && sending.reusedSocket && GIVEN_UP.has(cause.code)) resolve(exchange(what, false));
      else reject(cause);
    });
    // Whoever changes to another protocol answers nothing and fails nothing. Behind an answer or an error this says nothing more.
    sending.on('close', () => reject(new Error('the connection was closed without an answer')));
    sending.end(body);
  });
}
