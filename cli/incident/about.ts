import type { Outcome } from '../outcome.ts';
import type { CommonOptions } from '../runtime.ts';

type Work<Options> = (options: Options & CommonOptions, id: string, ...more: string[]) => Promise<Outcome>;

/** A verb about one incident, whose key may be typed as far as it tells the incident apart: alerts give it 64 characters. */
export const aboutIncident =
  <Options>(work: Work<Options>): ((options: Options & CommonOptions, ...given: string[]) => Promise<Outcome>) =>
  async (options, id = '', ...more) => {
    if (!/^[0-9a-f]{8,63}$/.test(id)) return work(options, id, ...more);
    return work(options, await (await import('./whole-key.ts')).wholeKeyIn(options.data, id), ...more);
  };
