import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { LifeCycle, PortHealth } from '../../domain/ports/context.ts';
import { bounded } from './bounded.ts';
import { isRecord } from './check.ts';
import type { Mounted } from './life-cycle.ts';

export type PluginHealth = PortHealth & { readonly plugin: string };

const STATES = ['ok', 'degraded', 'down'] as const;
const REASON_LENGTH_MAX = 300;

/** Asks plug-ins how they are. Never throws; a question that is still unanswered is not asked again, so that hung ones cannot pile up. */
export class HealthAsker {
  readonly #limitMs: number;
  readonly #unanswered = new Set<LifeCycle>();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  async ask(mounted: Mounted): Promise<PluginHealth> {
    const parts = await Promise.all(mounted.lives.map((life) => this.#askOne(life)));
    const worst = parts.reduce<PortHealth>((a, b) => (STATES.indexOf(b.state) > STATES.indexOf(a.state) ? b : a), {
      state: 'ok',
    });
    return { plugin: mounted.origin, ...worst };
  }

  async #askOne(life: LifeCycle): Promise<PortHealth> {
    if (life.health === undefined) return { state: 'ok' };
    if (this.#unanswered.has(life))
      return { state: 'down', reason: 'has not answered an earlier question about its health' };
    this.#unanswered.add(life);
    try {
      return await bounded('asking for health', this.#limitMs, async () => {
        try {
          return readHealth(await life.health?.());
        } finally {
          this.#unanswered.delete(life);
        }
      });
    } catch (error) {
      const reason =
        error instanceof FirebreakFailure ? `${error.code}: ${error.message}` : 'its health check threw an error';
      return { state: 'down', reason: reason.slice(0, REASON_LENGTH_MAX) };
    }
  }
}

/** A plug-in may answer anything: what is not a health is trouble, not an exception. */
function readHealth(answer: unknown): PortHealth {
  const state = isRecord(answer) ? STATES.find((known) => known === answer['state']) : undefined;
  if (state === undefined) return { state: 'degraded', reason: 'answered something that is not a health' };
  const reason = isRecord(answer) ? answer['reason'] : undefined;
  return typeof reason === 'string' ? { state, reason: reason.slice(0, REASON_LENGTH_MAX) } : { state };
}
