import type { Gathering, Saying } from '../../activities/gathering.ts';
import { familyOf, type Refusal } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';

/** A no to this session only: the next one has fresh nonces and a newer anchor. */
const OF_THE_SESSION: ReadonlySet<Refusal['code']> = new Set([
  'conflict.nonce-unknown',
  'conflict.nonce-burnt',
  'conflict.nonce-used',
  'conflict.ceremony-commitments',
  'conflict.anchor-orphaned',
  'policy.anchor-old',
]);

/** Another session would hear it again. */
export const isFinal = (code: Refusal['code']): boolean =>
  ['policy', 'conflict', 'input'].includes(familyOf(code)) && !OF_THE_SESSION.has(code);

export type Heard = Pick<Gathering, 'have' | 'missing' | 'refused'>;

/** Who did not give a partial, and why: a final no counts before silence. */
export const withoutPartials = (signers: readonly ValidatorId[], { have, missing, refused }: Heard): Saying[] => {
  const said = new Map([...missing, ...refused].map((saying) => [saying.validator, saying]));
  return signers
    .filter((signer) => !have.includes(signer))
    .map((validator) => said.get(validator) ?? { validator, code: 'unavailable.silent', message: 'did not answer' });
};

/**
 * When enough of those whose outflow cap is reached have room again, beside those who said no final no. What each said last counts. Undefined
 * when not so many say when, and when the others are enough: then no cap is in the way, and no word of one validator holds a payout up.
 */
export function roomAtSeconds(noes: readonly Saying[], validators: number, threshold: number): number | undefined {
  const last = new Map(noes.map((no) => [no.validator, no]));
  const capped = [...last.values()].filter(({ code }) => code === 'policy.outflow-cap');
  const known = capped.flatMap((no) => no.roomAtSeconds ?? []).toSorted((a, b) => a - b);
  return known[threshold - (validators - last.size) - 1];
}

/**
 * The refusal that no other signer set can get around: the same final code from so many validators that the rest is
 * below the threshold.
 */
export function commonRefusal(noes: readonly Saying[], validators: number, threshold: number): Refusal | undefined {
  const byCode = new Map<Saying['code'], Map<ValidatorId, Saying>>();
  for (const saying of noes) {
    const same = byCode.get(saying.code) ?? new Map<ValidatorId, Saying>();
    byCode.set(saying.code, same.set(saying.validator, saying));
  }
  for (const [code, same] of byCode) {
    const [first] = same.values();
    if (first !== undefined && validators - same.size < threshold) {
      return { code, message: first.message, details: { validators: [...same.keys()] } };
    }
  }
  return undefined;
}

/** Those who do not answer at all; the others often say no more than that they cannot sign without them. */
export function whoMustAct(missing: readonly Saying[]): ValidatorId[] {
  const gone = missing.filter(({ code }) => familyOf(code) === 'unavailable');
  return (gone.length > 0 ? gone : missing).map(({ validator }) => validator);
}
