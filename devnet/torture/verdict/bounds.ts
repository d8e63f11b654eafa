import { ATTRIBUTABLE } from '../hostile/acts.ts';
import type { Struck } from '../ledger.ts';

/** So many orders to sign wrongly, each given while a vault was being signed for, cannot all have been given to whoever was not asked. */
const ORDERS_HEEDED_FROM = 3;

/** A check of nothing finds nothing: what must be there for the others to say something. */
export const seenAny = (what: string, count: number): readonly string[] =>
  count > 0 ? [] : [`there are no ${what}: the check says nothing`];

/** Orders to hostile validators that nobody carried out, although there was something to sign: then nothing attributable was tried. */
export function heeded(strikes: readonly Struck[], deeds: number): readonly string[] {
  const given = strikes.filter(
    ({ fault, phases, missed }) =>
      missed === undefined &&
      'act' in fault &&
      ATTRIBUTABLE.has(fault.act) &&
      phases.some((phase) => phase === 'collecting-commitments' || phase === 'collecting-partials'),
  );
  return deeds > 0 || given.length < ORDERS_HEEDED_FROM
    ? []
    : [`${given.length} orders to sign wrongly were given while vaults were signed for, and no wrong act was done`];
}
