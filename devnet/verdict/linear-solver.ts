import type { KeysetId } from '../../domain/ceremony/ceremony.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { Fn, Point, scalarBytes } from '../../threshold/verify/curve.ts';
import { equationOf, type PartialInContext } from '../../threshold/verify/nonce-recovery.ts';
import { verifyingShareOf } from '../../threshold/verify/vault-key.ts';

/** One partial signature for one input, with everything public that it was made for. */
export type SeenPartial = PartialInContext & {
  readonly validator: ValidatorId;
  readonly request: Digest;
  readonly input: number;
};

export type SolverReport = {
  /** Linear equations that were looked at, one per partial signature. */
  readonly equations: number;
  /** Nonces and shares in them. */
  readonly unknowns: number;
  readonly commitments: number;
  /** Shares that follow from public data. Each was checked against its verifying share. */
  readonly recovered: readonly {
    readonly validator: ValidatorId;
    readonly keyset: KeysetId;
    readonly shareHex: string;
  }[];
  /** Shares that the equations determine to a value that is none: somebody's partial signature is no partial signature. */
  readonly contradictions: number;
};

/** Coefficients by the name of the unknown, and the right-hand side. */
type Row = { readonly terms: Map<string, bigint>; value: bigint };

/**
 * What somebody could do who has every partial signature that ever left a validator: each is one linear equation in two nonces and a share. With
 * fresh nonces each equation brings two unknowns of its own, and says nothing. Wherever a nonce met a second request, in whatever role, for
 * whatever key or by whomever, equations share unknowns, and elimination tells whether a share follows.
 */
export function solveForShares(partials: readonly SeenPartial[]): SolverReport {
  const rows: Row[] = [];
  const shares = new Map<string, { readonly validator: ValidatorId; readonly of: SeenPartial }>();
  const nonces = new Set<string>();
  const seen = new Set<string>();
  for (const partial of partials) {
    const { validator, key } = partial;
    const name = `${validator} ${partial.request} ${partial.input} ${toHex(partial.partial)}`;
    if (seen.has(name)) continue; // the same answer, asked for twice
    seen.add(name);
    const own = partial.signers.find((signer) => signer.validator === validator)?.nonces;
    const equation = equationOf(validator, partial);
    if (own === undefined || equation === undefined) continue;
    const [hiding, binding, share, value] = equation;
    const secret = `share ${validator} ${key.keyset}`;
    shares.set(secret, { validator, of: partial });
    const terms = new Map<string, bigint>();
    for (const [unknown, factor] of [
      [toHex(own.hiding), hiding],
      [toHex(own.binding), binding],
      [secret, share],
    ] as const)
      terms.set(unknown, Fn.add(terms.get(unknown) ?? 0n, factor));
    for (const [unknown, factor] of terms) if (factor === 0n) terms.delete(unknown);
    nonces.add(toHex(own.hiding)).add(toHex(own.binding));
    rows.push({ terms, value });
  }
  const { solved, contradictions } = determined(withoutNonces(rows, nonces));
  const recovered: SolverReport['recovered'][number][] = [];
  let wrong = contradictions;
  for (const [unknown, value] of solved) {
    const about = shares.get(unknown);
    if (about === undefined) continue;
    const { validator, of } = about;
    if (value !== 0n && Point.BASE.multiply(value).equals(verifyingShareOf(of.key, validator)))
      recovered.push({ validator, keyset: of.key.keyset, shareHex: toHex(scalarBytes(value)) });
    else wrong += 1;
  }
  return {
    equations: rows.length,
    unknowns: nonces.size + shares.size,
    commitments: nonces.size,
    recovered,
    contradictions: wrong,
  };
}

/** What is left when every nonce is expressed by the others: equations between shares alone. */
function withoutNonces(rows: readonly Row[], nonces: ReadonlySet<string>): readonly Row[] {
  const holding = new Map<string, Set<Row>>();
  for (const row of rows)
    for (const unknown of row.terms.keys()) {
      const those = holding.get(unknown) ?? new Set<Row>();
      holding.set(unknown, those.add(row));
    }
  const left = new Set(rows);
  for (const nonce of nonces) {
    const [pivot, ...others] = [...(holding.get(nonce) ?? [])].filter((row) => left.has(row) && row.terms.has(nonce));
    if (pivot === undefined) continue;
    left.delete(pivot);
    for (const row of others) {
      subtract(row, pivot, nonce);
      for (const unknown of row.terms.keys()) holding.get(unknown)?.add(row);
    }
  }
  return [...left];
}

/** Takes so much of `pivot` away that `unknown` is gone. */
function subtract(row: Row, pivot: Row, unknown: string): void {
  const factor = Fn.div(row.terms.get(unknown) ?? 0n, pivot.terms.get(unknown) ?? 1n);
  for (const [each, coefficient] of pivot.terms) {
    const now = Fn.sub(row.terms.get(each) ?? 0n, Fn.mul(factor, coefficient));
    if (now === 0n) row.terms.delete(each);
    else row.terms.set(each, now);
  }
  row.value = Fn.sub(row.value, Fn.mul(factor, pivot.value));
}

/** Gauss-Jordan; an unknown that stands alone in its row has one value only. */
function determined(rows: readonly Row[]): {
  readonly solved: ReadonlyMap<string, bigint>;
  readonly contradictions: number;
} {
  const reduced: { readonly row: Row; readonly pivot: string }[] = [];
  let contradictions = 0;
  for (const row of rows) {
    for (const { row: other, pivot } of reduced) if (row.terms.has(pivot)) subtract(row, other, pivot);
    const [pivot] = row.terms.keys();
    if (pivot === undefined) {
      if (row.value !== 0n) contradictions += 1;
      continue;
    }
    for (const { row: other } of reduced) if (other.terms.has(pivot)) subtract(other, row, pivot);
    reduced.push({ row, pivot });
  }
  const solved = new Map<string, bigint>();
  for (const { row, pivot } of reduced)
    if (row.terms.size === 1) solved.set(pivot, Fn.div(row.value, row.terms.get(pivot) ?? 1n));
  return { solved, contradictions };
}
