/**
 * Who must act decides the family:
 * `input` its author · `policy` an approver or the rules · `conflict` whoever holds the other claim · `unavailable` time ·
 * `unknown-outcome` ask the world first · `signer-fault` the named culprits · `not-yet` nobody, wait · `bug` us.
 */
export type FailureFamily =
  | 'input'
  | 'policy'
  | 'conflict'
  | 'unavailable'
  | 'unknown-outcome'
  | 'signer-fault'
  | 'not-yet'
  | 'bug';

/** `family.reason`; the same text is log field, metric label and heading in `docs/reference/errors.md`. */
export type FailureCode = `${FailureFamily}.${string}`;

/** What a documented code means and what the reader does about it; each module declares its own table. */
export type FailureEntry = { readonly meaning: string; readonly remedy: string };
export type FailureTable<Code extends FailureCode = FailureCode> = Readonly<Record<Code, FailureEntry>>;

const RETRYABLE: ReadonlySet<FailureFamily> = new Set(['unavailable', 'unknown-outcome', 'not-yet']);

const BRAND: unique symbol = Symbol.for('firebreak.failure');

export type FailureDetails = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

/**
 * The one base error. `message` says what was being done, to what, and what to try; never a secret, never a raw payload.
 * `details` are public facts (ids, numbers, culprits) that a log, a Temporal failure and `--json` may carry.
 */
export class FirebreakFailure<Code extends FailureCode = FailureCode> extends Error {
  readonly code: Code;
  readonly details: FailureDetails;

  constructor(code: Code, message: string, details: FailureDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'FirebreakFailure';
    this.code = code;
    this.details = details;
  }

  /**
   * True for those of another copy of this module too: a validator runs from a bundle, and a third-party plug-in in it may import
   * the source.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  get [BRAND](): true {
    return true;
  }

  get family(): FailureFamily {
    return familyOf(this.code);
  }

  /** Decided where the error is made: its family says whether trying the same thing again can help. */
  get retryable(): boolean {
    return RETRYABLE.has(this.family);
  }
}

export function familyOf(code: FailureCode): FailureFamily {
  return code.slice(0, code.indexOf('.')) as FailureFamily;
}

export function isRetryable(code: FailureCode): boolean {
  return RETRYABLE.has(familyOf(code));
}

/** A refusal as a value: what a validator or a pure decision answers instead of throwing. */
export type Refusal<Code extends FailureCode = FailureCode> = {
  readonly code: Code;
  readonly message: string;
  readonly details?: FailureDetails;
};

export type Verdict<T, Code extends FailureCode = FailureCode> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal<Code> };

export const accept = <T>(value: T): Verdict<T, never> => ({ ok: true, value });

export const refuse = <Code extends FailureCode>(
  code: Code,
  message: string,
  details?: FailureDetails,
): { readonly ok: false; readonly refusal: Refusal<Code> } => ({
  ok: false,
  refusal: details === undefined ? { code, message } : { code, message, details },
});

export function failureOf(refusal: Refusal): FirebreakFailure {
  return new FirebreakFailure(refusal.code, refusal.message, refusal.details);
}
