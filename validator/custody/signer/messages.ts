import { type FailureCode, type FailureDetails, FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { KeyUse } from '../../../domain/ports/keystore.ts';
import type { SignerOperation } from './operations.ts';

/** Structured-cloned between the agent's thread and the signer's; never stored, so there is no version. */
export type ToSigner =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly operation: SignerOperation;
      readonly parameters: readonly unknown[];
    }
  | { readonly kind: 'stop' };

export type FromSigner =
  | { readonly kind: 'ready'; readonly keystore: string }
  | { readonly kind: 'refused-start'; readonly failure: CarriedFailure }
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'warned'; readonly fields: Record<string, unknown>; readonly message: string }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: CarriedFailure }
  /** The signer waits on `answer[0]` until it is RECORDED or UNRECORDED. */
  | { readonly kind: 'use'; readonly use: KeyUse; readonly answer: Int32Array };

export const RECORDED = 1;
export const UNRECORDED = 2;

/** Errors cross threads as their public facts; anything unnamed becomes `bug.signer`, since its text could hold anything. */
export type CarriedFailure = { readonly code: FailureCode; readonly message: string; readonly details: FailureDetails };

export const carry = (error: unknown): CarriedFailure =>
  error instanceof FirebreakFailure
    ? { code: error.code, message: error.message, details: error.details }
    : { code: 'bug.signer', message: `the signer met an unexpected ${nameOf(error)}`, details: {} };

export const uncarry = ({ code, message, details }: CarriedFailure): FirebreakFailure =>
  new FirebreakFailure(code, message, details);

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);
