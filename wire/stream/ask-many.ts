import type { ValidatorId } from '../../domain/network/network.ts';
import type { EffectContext } from '../../domain/ports/context.ts';
import type { Answer, AskManyOptions } from '../../domain/ports/validator-network.ts';

type AskOne = (validator: ValidatorId, request: Uint8Array, context: EffectContext) => Promise<Answer>;

/**
 * Asks all at once and gathers answers in the order of their arrival. With `enough`, the others are cancelled as soon as that
 * many answered ok, and do not appear. The caller's own abort passes through as its reason.
 */
export function askMany(
  askOne: AskOne,
  requests: ReadonlyMap<ValidatorId, Uint8Array>,
  context: EffectContext,
  options: AskManyOptions = {},
): Promise<readonly Answer[]> {
  const enough = options.enough ?? Number.POSITIVE_INFINITY;
  const cancel = new AbortController();
  const one: EffectContext = { ...context, signal: AbortSignal.any([context.signal, cancel.signal]) };
  return new Promise((resolve, reject) => {
    const answers: Answer[] = [];
    let waiting = requests.size;
    let settled = false;
    const finish = (act: () => void): void => {
      if (settled) return;
      settled = true;
      act();
      cancel.abort(new Error('enough validators answered'));
    };
    const onAnswer = (answer: Answer): void => {
      if (settled) return;
      answers.push(answer);
      waiting -= 1;
      try {
        options.onAnswer?.(answer);
      } catch (error) {
        return finish(() => reject(error as Error));
      }
      if (waiting === 0 || answers.filter((each) => each.ok).length >= enough) finish(() => resolve(answers));
    };
    if (context.signal.aborted) return finish(() => reject(context.signal.reason as Error));
    if (waiting === 0 || enough <= 0) return finish(() => resolve(answers));
    for (const [validator, request] of requests) {
      askOne(validator, request, one).then(onAnswer, (error: unknown) => finish(() => reject(error as Error)));
    }
  });
}
