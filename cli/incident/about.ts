import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Outcome } from '../outcome.ts';
import type { CommonOptions } from '../runtime.ts';

type Work<Options> = (options: Options & CommonOptions, id: string, ...more: string[]) => Promise<Outcome>;

/** A verb about one incident, whose key may be typed as far as it tells the incident apart: alerts give it 64 characters. */
export const aboutIncident =
  <Options>(work: Work<Options>): ((options: Options & CommonOptions, ...given: string[]) => Promise<Outcome>) =>
  async (options, id = '', ...more) => {
    if (/^[0-9a-f]{1,7}$/.test(id)) return work(options, id, ...more).catch(ofTooFew);
    if (!/^[0-9a-f]{8,63}$/.test(id)) return work(options, id, ...more);
    return work(options, await (await import('./whole-key.ts')).wholeKeyIn(options.data, id), ...more);
  };

/** What could be the beginning of a key was taken for a whole one: a name of somebody's own may be as short. */
function ofTooFew(error: unknown): never {
  if (!(error instanceof FirebreakFailure) || error.code !== 'input.unknown-incident') throw error;
  throw new FirebreakFailure(
    error.code,
    `${error.message}; the beginning of a longer key has at least 8 characters`,
    error.details,
    { cause: error },
  );
}
