/** How often in a row something was found bad or good, and since when it counts as lost. */
export type Outage = { readonly bad: number; readonly good: number; readonly lostAtMs: number | undefined };
export type Patience = { readonly lostAfterLooks: number; readonly backAfterLooks: number };

export const NO_OUTAGE: Outage = { bad: 0, good: 0, lostAtMs: undefined };

/**
 * One more look. `lost` and `back` happen once per outage: one bad look is no outage, and one good look in the middle of one does not end
 * it, so that something that comes and goes pages once.
 */
export function looked(
  { bad, good, lostAtMs }: Outage,
  fine: boolean,
  nowMs: number,
  { lostAfterLooks, backAfterLooks }: Patience,
): { readonly outage: Outage; readonly event: 'lost' | 'back' | undefined } {
  const next = fine ? { bad: 0, good: good + 1, lostAtMs } : { bad: bad + 1, good: 0, lostAtMs };
  if (lostAtMs === undefined && next.bad >= lostAfterLooks)
    return { outage: { ...next, lostAtMs: nowMs }, event: 'lost' };
  if (lostAtMs !== undefined && next.good >= backAfterLooks)
    return { outage: { ...next, lostAtMs: undefined }, event: 'back' };
  return { outage: next, event: undefined };
}
