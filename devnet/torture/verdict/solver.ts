import { Fn } from '../../../threshold/verify/curve.ts';

/** An equation over the scalars: coefficients by the name of their unknown, and what they add up to. */
export type Equation = { readonly terms: ReadonlyMap<string, bigint>; readonly sum: bigint };

type Row = { readonly terms: Map<string, bigint>; sum: bigint };

/**
 * Everything that follows from these equations about one unknown: its value, or undefined when there are many. Gauss-Jordan over sparse
 * rows; the wanted unknown is eliminated last, so that it stands alone in a row exactly when the others determine it.
 */
export function solveFor(wanted: string, equations: readonly Equation[]): bigint | undefined {
  const rows: Row[] = equations.map(({ terms, sum }) => ({ terms: new Map(terms), sum }));
  const others = new Set(rows.flatMap(({ terms }) => [...terms.keys()]));
  others.delete(wanted);
  const left = new Set(rows);
  for (const unknown of others) {
    const pivot = [...left].find(({ terms }) => terms.has(unknown));
    if (pivot === undefined) continue;
    left.delete(pivot);
    for (const row of left) subtract(row, pivot, unknown);
  }
  for (const { terms, sum } of left) {
    const factor = terms.get(wanted);
    if (factor !== undefined && factor !== 0n) return Fn.mul(sum, Fn.inv(factor));
  }
  return undefined;
}

/** Takes as much of `pivot` from `row` as makes `unknown` vanish there. */
function subtract(row: Row, pivot: Row, unknown: string): void {
  const own = row.terms.get(unknown);
  const lead = pivot.terms.get(unknown);
  if (own === undefined || lead === undefined) return;
  const factor = Fn.mul(own, Fn.inv(lead));
  for (const [name, value] of pivot.terms) {
    const next = Fn.sub(row.terms.get(name) ?? 0n, Fn.mul(factor, value));
    if (next === 0n) row.terms.delete(name);
    else row.terms.set(name, next);
  }
  row.sum = Fn.sub(row.sum, Fn.mul(factor, pivot.sum));
}
