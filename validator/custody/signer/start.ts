import { Worker } from 'node:worker_threads';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { KeyUse } from '../../../domain/ports/keystore.ts';
import type { AgentLogger } from '../dependencies.ts';
import type { SignerClient } from './client.ts';
import { type FromSigner, RECORDED, type ToSigner, uncarry, UNRECORDED } from './messages.ts';
import type { SignerOperation } from './operations.ts';

export type SignerThreadOptions = {
  /** The thread's composition root, `validator/signer.ts`. */
  readonly entry: URL;
  /** What it needs to choose a keystore; names of places only, never a secret. */
  readonly workerData: unknown;
  /** In the journal when it returns, so that no crash undoes it: `journal.keysets.recordUse`. If it throws, the share is not opened. */
  readonly recordUse: (use: KeyUse) => void;
  readonly logger: AgentLogger;
  readonly startMsMax?: number;
  readonly callMsMax?: number;
  readonly waitingMax?: number;
};

type Waiting = { resolve(value: never): void; reject(error: unknown): void; readonly timer: NodeJS.Timeout };

const START_MS_MAX = 30_000;
const CALL_MS_MAX = 30_000;
const WAITING_MAX = 64;
const STOP_MS_MAX = 5_000;

/**
 * Starts the thread and resolves when its keystore is open; rejects with the keystore's own failure otherwise.
 * A thread that dies later fails every waiting call with `unavailable.signer-stopped` and tells `onHalt`.
 */
export async function startSignerThread(options: SignerThreadOptions): Promise<SignerClient> {
  // `env` stays shared: the keystore reads its PIN from the named variable inside the thread.
  const worker = new Worker(options.entry, { workerData: options.workerData, name: 'signer', stdin: false });
  const connection = new SignerConnection(worker, options);
  const keystore = await connection.ready;
  const call =
    (operation: SignerOperation) =>
    (...parameters: readonly unknown[]): Promise<never> =>
      connection.call(operation, parameters);
  return {
    keystore,
    startKeygen: call('startKeygen'),
    keygenShares: call('keygenShares'),
    finishKeygen: call('finishKeygen'),
    eraseKeygen: call('eraseKeygen'),
    commit: call('commit'),
    sign: call('sign'),
    sealIdentity: call('sealIdentity'),
    unsealIdentity: call('unsealIdentity'),
    onHalt: (listener) => connection.onHalt(listener),
    late: () => connection.late,
    stop: () => connection.stop(),
  };
}

class SignerConnection {
  readonly ready: Promise<string>;
  readonly #worker: Worker;
  readonly #options: SignerThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #halted: ((reason: string) => void)[] = [];
  #next = 1;
  #stopping = false;
  #gone: string | undefined;
  late: string | undefined;

  constructor(worker: Worker, options: SignerThreadOptions) {
    this.#worker = worker;
    this.#options = options;
    this.ready = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#stopping = true;
        reject(new FirebreakFailure('unavailable.signer-timeout', 'the keystore did not open in time'));
        void worker.terminate();
      }, options.startMsMax ?? START_MS_MAX);
      const settle =
        <T>(by: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          by(value);
        };
      const accept = settle(resolve);
      const refuse = settle(reject);
      worker.on('message', (message: FromSigner) => {
        if (message.kind === 'ready') accept(message.keystore);
        else if (message.kind === 'refused-start') {
          this.#stopping = true; // it goes because it refused, and that is what its caller hears
          refuse(uncarry(message.failure));
        } else this.#hear(message);
      });
      worker.once('error', (error: unknown) => this.#end(error instanceof Error ? error.name : 'error'));
      worker.once('exit', (code) => {
        this.#end(`exit ${code}`);
        refuse(stopped('the signer thread ended before it was ready'));
      });
    });
  }

  call(operation: SignerOperation, parameters: readonly unknown[]): Promise<never> {
    if (this.#gone !== undefined || this.#stopping) return Promise.reject(stopped('the signer thread is gone'));
    if (this.#waiting.size >= (this.#options.waitingMax ?? WAITING_MAX)) {
      return Promise.reject(new FirebreakFailure('unavailable.signer-busy', 'too many requests wait for the signer'));
    }
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        this.late = operation;
        reject(new FirebreakFailure('unavailable.signer-timeout', `the signer did not finish ${operation} in time`));
      }, this.#options.callMsMax ?? CALL_MS_MAX);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#worker.postMessage({ kind: 'call', id, operation, parameters } satisfies ToSigner);
    });
  }

  onHalt(listener: (reason: string) => void): void {
    this.#halted.push(listener);
    if (this.#gone !== undefined && !this.#stopping) listener(this.#gone);
  }

  async stop(): Promise<void> {
    if (this.#stopping || this.#gone !== undefined) return;
    this.#stopping = true;
    const ended = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ kind: 'stop' } satisfies ToSigner);
    const timer = setTimeout(() => void this.#worker.terminate(), STOP_MS_MAX);
    await ended;
    clearTimeout(timer);
  }

  #hear(message: Exclude<FromSigner, { kind: 'ready' | 'refused-start' }>): void {
    if (message.kind === 'use') return this.#record(message.use, message.answer);
    if (message.kind === 'warned') return this.#options.logger.warn(message.fields, message.message);
    this.late = undefined;
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return; // it timed out
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.kind === 'result') waiting.resolve(message.value as never);
    else waiting.reject(uncarry(message.failure));
  }

  #record(use: KeyUse, answer: Int32Array): void {
    let outcome = UNRECORDED;
    try {
      this.#options.recordUse(use);
      outcome = RECORDED;
    } catch (error) {
      this.#options.logger.error({ err: error, purpose: use.purpose }, 'the use of a key share could not be recorded');
    }
    Atomics.store(answer, 0, outcome);
    Atomics.notify(answer, 0);
  }

  #end(reason: string): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(stopped('the signer thread ended'));
    }
    this.#waiting.clear();
    if (this.#stopping) return;
    this.#options.logger.error({ reason }, 'the signer thread ended by itself');
    for (const listener of this.#halted) listener(reason);
  }
}

const stopped = (message: string): FirebreakFailure => new FirebreakFailure('unavailable.signer-stopped', message);
