import { type ValidatorId, validatorName } from '../../../domain/network/network.ts';
import type { EffectContext, PortHealth } from '../../../domain/ports/context.ts';
import type { Answer, AskManyOptions, ValidatorNetwork } from '../../../domain/ports/validator-network.ts';
import { askMany } from '../../../wire/stream/ask-many.ts';
import type { NetworkMemoryFailureCode } from './failures.ts';

/** What a validator does with request bytes of an authenticated peer (Ed25519 identity, hex). */
export type MemoryHandler = (request: Uint8Array, peer: string) => Promise<Uint8Array>;

/** `handlers` is read at each question, so that a test takes validators away and brings them back. */
export type MemoryNetworkComponents = {
  readonly handlers: ReadonlyMap<ValidatorId, MemoryHandler>;
  readonly peer: string;
};

/** The whole network in one process: for tests, and for reading what the port promises. */
export class MemoryNetwork implements ValidatorNetwork {
  private readonly handlers: ReadonlyMap<ValidatorId, MemoryHandler>;
  private readonly peer: string;

  constructor(components: MemoryNetworkComponents) {
    this.handlers = components.handlers;
    this.peer = components.peer;
  }

  connected(): readonly ValidatorId[] {
    return [...this.handlers.keys()];
  }

  async health(): Promise<PortHealth> {
    return this.handlers.size > 0 ? { state: 'ok' } : { state: 'down', reason: 'no validator has a handler' };
  }

  async ask(validator: ValidatorId, request: Uint8Array, context: EffectContext): Promise<Answer> {
    context.signal.throwIfAborted();
    const handler = this.handlers.get(validator);
    if (handler === undefined) return no(validator, 'unavailable.validator-unreachable', 'has no handler');
    const deadline = AbortSignal.timeout(Math.max(0, context.deadlineMs - Date.now()));
    try {
      const work = handler(Uint8Array.from(request), this.peer);
      const response = await Promise.race([work, whenAborted(AbortSignal.any([context.signal, deadline]))]);
      return { validator, ok: true, response: Uint8Array.from(response) };
    } catch (error) {
      context.signal.throwIfAborted();
      return no(
        validator,
        'unavailable.validator-silent',
        `gave no answer: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  askMany(
    requests: ReadonlyMap<ValidatorId, Uint8Array>,
    context: EffectContext,
    options: AskManyOptions = {},
  ): Promise<readonly Answer[]> {
    return askMany((validator, request, one) => this.ask(validator, request, one), requests, context, options);
  }
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

const no = (validator: ValidatorId, code: NetworkMemoryFailureCode, what: string): Answer => ({
  validator,
  ok: false,
  code,
  message: `${validatorName(validator)} ${what}`,
});
