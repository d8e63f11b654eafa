import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { offered } from '../../domain/playbook/catalogue.ts';
import { evaluateExpression } from '../../domain/playbook/expression.ts';
import type { Values as ExpressionValues } from '../../domain/playbook/resolve.ts';
import { type Attempt, attempt } from '../attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { pause } from '../waiting.ts';
import type { Bindings, ProbeBinding, Values } from './binding.ts';
import { requireNetwork, requireShape } from './shape.ts';

type Look = { readonly network: string; readonly probe: string; readonly arguments: Values; readonly seconds: number };

export type WatchInput = Look & {
  /** CEL over `values` and `result`. */
  readonly expect: string;
  readonly values: ExpressionValues;
  readonly everyMs: number;
  /** Until the expectation breaks, or until it holds again. */
  readonly wanted: 'breach' | 'recovery';
};
/** `seen` false: the time of the activity was over before. */
export type Watched = { readonly seen: boolean; readonly saw: string };

/** A probe that cannot look so often in a row is no proof that all is well. */
const BLIND_LOOKS_MAX = 5;
/** One look of a guard. */
const LOOK_MS_MAX = 30_000;

export const createLookingActivities = (deps: ActivityDependencies, bindings: Bindings) => ({
  /** One look at the world; changes nothing. */
  lookAt: (input: Look): Promise<Values> =>
    attempt(deps, 'lookAt', async (now) => {
      const binding = bindingOf(deps, bindings, input);
      return look(deps, binding, input, now, deps.clock() + input.seconds * 1_000);
    }),

  /** Looks again and again for as long as it may, and comes back as soon as it sees what is wanted. */
  watchGuard: (input: WatchInput): Promise<Watched> =>
    attempt(deps, 'watchGuard', async (now) => {
      const binding = bindingOf(deps, bindings, input);
      const untilMs = deps.clock() + input.seconds * 1_000;
      let blind = 0;
      while (deps.clock() < untilMs) {
        const seen = await lookInTime(deps, binding, input, now, Math.min(untilMs, deps.clock() + LOOK_MS_MAX));
        now.signal.throwIfAborted();
        const isBlind = seen instanceof FirebreakFailure;
        blind = isBlind ? blind + 1 : 0;
        const holds = !isBlind && evaluateExpression(input.expect, { ...input.values, result: seen }) === true;
        const broken = isBlind ? blind >= BLIND_LOOKS_MAX : !holds;
        if (input.wanted === 'breach' ? broken : holds)
          return { seen: true, saw: (isBlind ? `${seen.code}: ${seen.message}` : JSON.stringify(seen)).slice(0, 500) };
        await pause(Math.min(input.everyMs, Math.max(0, untilMs - deps.clock())), now.signal);
        now.signal.throwIfAborted();
      }
      return { seen: false, saw: '' };
    }),
});

function bindingOf(deps: ActivityDependencies, { probes }: Bindings, { network, probe }: Look): ProbeBinding {
  requireNetwork(deps, network);
  const binding = offered(probes, probe);
  if (binding !== undefined) return binding;
  throw new FirebreakFailure('input.playbook-capability', `this installation does not offer the probe ${probe}`);
}

const look = async (
  deps: ActivityDependencies,
  binding: ProbeBinding,
  input: Look,
  now: Attempt,
  untilMs: number,
): Promise<Values> =>
  requireShape(input.probe, await binding.look(input.arguments, { deps, attempt: now, untilMs }), binding.results);

/** Whatever a probe throws, and if it never answers: it is a look that saw nothing, and the guard goes on looking. */
async function lookInTime(
  deps: ActivityDependencies,
  binding: ProbeBinding,
  input: Look,
  now: Attempt,
  untilMs: number,
): Promise<Values | FirebreakFailure> {
  const over = new AbortController();
  const signal = AbortSignal.any([now.signal, over.signal]);
  const late = pause(untilMs - deps.clock(), signal).then(
    () => new FirebreakFailure('unavailable.action-silent', `${input.probe} did not answer in time`),
  );
  try {
    return await Promise.race([look(deps, binding, input, { ...now, signal }, untilMs), late]);
  } catch (error) {
    if (error instanceof FirebreakFailure) return error;
    deps.logger.error({ probe: input.probe, err: error }, 'a probe met an unnamed error');
    return new FirebreakFailure('bug.activity', `${input.probe} met an unexpected error`);
  } finally {
    over.abort();
  }
}
