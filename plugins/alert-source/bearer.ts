import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { AlertDelivery } from '../../domain/ports/alert-source.ts';
import { anySame } from './secret.ts';

/** RFC 6750 §2.1: one token in the header `authorization`, and nowhere else. */
export function judgeBearer({ headers }: AlertDelivery, secrets: readonly string[]): Verdict<true> {
  const token = /^Bearer +([^\s,]{1,1024})$/i.exec(headers['authorization'] ?? '')?.[1];
  // A missing token is compared as well: being asked for nothing takes as long as being wrong.
  if (!anySame([token ?? ''], secrets) || token === undefined)
    return refuse('policy.alert-unauthenticated', 'the bearer token is missing or wrong');
  return accept(true);
}
