import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { DeliveryReceipt, Notifier } from '../../domain/ports/notifier.ts';

const REFERENCE = /^[\x21-\x7e]{1,300}$/;
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * The receipt of a notifier, which may be a plug-in of others: only what a receipt has, since it is kept in the history of an incident.
 * Without one nothing was confirmed; one of another route would make two channels that fail together look like two.
 */
export function requireReceipt({ route }: Pick<Notifier, 'route'>, given: unknown): DeliveryReceipt {
  const { reference, state, exercise, atMs, missed, ...rest } = (given ?? {}) as Readonly<Record<string, unknown>>;
  if (
    rest['route'] === route &&
    typeof reference === 'string' &&
    REFERENCE.test(reference) &&
    (state === 'accepted' || state === 'shown') &&
    typeof exercise === 'boolean' &&
    isWhole(atMs) &&
    isWhole(missed)
  )
    return { route, reference, state, exercise, atMs, missed };
  throw new FirebreakFailure('bug.notifier-receipt', 'a notifier gave no receipt of the shape that its port has');
}
