import { proxySinks, type Sinks } from '@temporalio/workflow';
import type { Refusal, Verdict } from '../../domain/errors/failure.ts';
import { toTemporal } from './refusal.ts';

/** Counts of what was refused leave the sandbox here; a refused message leaves nothing else behind. */
export type RefusalSinks = Sinks & { readonly refusals: { counted(message: string, code: string): void } };
const { refusals } = proxySinks<RefusalSinks>();

/** In a validator: a no becomes a rejection of the update. So does a message of another shape, whatever reading it throws. */
export function demand(message: string, judge: () => Verdict<unknown>, misshapen: Refusal): void {
  const no = refusalFrom(judge, misshapen);
  if (no === undefined) return;
  refusals.counted(message, no.code);
  throw toTemporal(no);
}

function refusalFrom(judge: () => Verdict<unknown>, misshapen: Refusal): Refusal | undefined {
  try {
    const verdict = judge();
    return verdict.ok ? undefined : verdict.refusal;
  } catch {
    return misshapen;
  }
}

/** A signal cannot be refused any more: what has not its shape is counted and otherwise ignored. It never throws. */
export function heardAs<T>(message: string, said: unknown, parse: (said: unknown) => T | undefined): T | undefined {
  let heard: T | undefined;
  try {
    heard = parse(said);
  } catch {
    heard = undefined;
  }
  if (heard === undefined) refusals.counted(message, 'input.document-field');
  return heard;
}
