import { randomBytes } from 'node:crypto';
import { toHex } from '../../../domain/encoding/hex.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import { Fn } from '../../../threshold/verify/curve.ts';
import { equationOf } from '../../../threshold/verify/nonce-recovery.ts';
import type { SeenPartial } from './partials.ts';
import { type Equation, solveFor } from './solver.ts';

const SHARE = 'share';

/** What a partial signature says about the share and the two nonces behind it, each nonce named by its commitment. */
function equationIn(partial: SeenPartial): Equation | undefined {
  const equation = equationOf(partial.validator, partial);
  const own = partial.signers.find(({ validator }) => validator === partial.validator)?.nonces;
  if (equation === undefined || own === undefined) return undefined;
  const [hiding, binding, share, sum] = equation;
  const terms = new Map([[toHex(own.hiding), hiding]]);
  // Both roles of one point: their coefficients add up.
  terms.set(toHex(own.binding), Fn.add(terms.get(toHex(own.binding)) ?? 0n, binding));
  terms.set(SHARE, share);
  return { terms, sum };
}

/**
 * Whose share follows from all partial signatures together, however their nonces were used: by elimination, without a guess about which
 * ones were used twice. Wrong partial signatures of hostile validators are among the equations; they say something wrong about a secret of
 * their own.
 */
export function sharesRecoverable(partials: readonly SeenPartial[]): readonly ValidatorId[] {
  return [...byValidator(partials)].flatMap(([validator, equations]) =>
    solveFor(SHARE, equations) === undefined ? [] : [validator],
  );
}

/**
 * The same elimination over the same requests with one more answer to a nonce pair twice: the equations are real, and the secrets that
 * fill them in are drawn here, so that it is known what must come out. False means that the check above says nothing.
 */
export function findsSeededReuse(partials: readonly SeenPartial[]): boolean {
  const equations = [...byValidator(partials).values()].find((each) => each.length >= 3);
  if (equations === undefined) return false;
  const secrets = new Map<string, bigint>();
  const secretOf = (name: string): bigint => {
    const known = secrets.get(name) ?? Fn.fromBytes(randomScalar());
    secrets.set(name, known);
    return known;
  };
  const names = [...(equations[0]?.terms.keys() ?? [])];
  const filled = equations.map(({ terms }, at): Equation => {
    // The first three requests meet one pair of nonces.
    const renamed = at < 3 ? new Map([...terms.values()].map((value, index) => [names[index] ?? '', value])) : terms;
    const sum = [...renamed].reduce((total, [name, value]) => Fn.add(total, Fn.mul(value, secretOf(name))), 0n);
    return { terms: renamed, sum };
  });
  return solveFor(SHARE, filled) === secretOf(SHARE) && solveFor(SHARE, filled.slice(2)) === undefined;
}

function randomScalar(): Uint8Array {
  const bytes = Uint8Array.from(randomBytes(32));
  bytes[0] = 0; // below the order of the group
  return bytes;
}

function byValidator(partials: readonly SeenPartial[]): ReadonlyMap<ValidatorId, readonly Equation[]> {
  const found = new Map<ValidatorId, Equation[]>();
  for (const partial of partials) {
    const equation = equationIn(partial);
    if (equation !== undefined) found.set(partial.validator, [...(found.get(partial.validator) ?? []), equation]);
  }
  return found;
}
