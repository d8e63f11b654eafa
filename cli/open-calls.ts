import { type ConnectionOptions, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];

/**
 * What a connection still owes an answer to. The SDK repeats a call that met no server from a timer, and on a channel that was
 * closed meanwhile it throws "Channel has been shut down" out of that timer, where nobody can catch it: whoever closes waits here first.
 */
export class OpenCalls {
  #open = 0;
  #ending = false;
  #ended: () => void = () => undefined;

  /** For `Connection.connect`: the repeats of the SDK, counted from outside, so that a call with all its repeats is one. */
  get interceptors(): Interceptor[] {
    const usual = defaultGrpcRetryOptions();
    const repeat = makeGrpcRetryInterceptor({
      ...usual,
      retryableDecider: (attempt, status) => !this.#ending && usual.retryableDecider(attempt, status),
    });
    return [(options, nextCall) => this.#counted(repeat(options, nextCall))];
  }

  /** Resolves when no call is open. None is repeated from here on, so that takes one pause of the SDK (at most 6 s) and one attempt. */
  async end(): Promise<void> {
    this.#ending = true;
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
  }

  #counted(call: ReturnType<Interceptor>): ReturnType<Interceptor> {
    const start = call.start.bind(call);
    call.start = (metadata, listener) => {
      this.#open += 1;
      start(metadata, {
        ...listener,
        onReceiveStatus: (status) => {
          this.#open -= 1;
          listener?.onReceiveStatus?.(status);
          if (this.#open === 0) this.#ended();
        },
      });
    };
    return call;
  }
}
