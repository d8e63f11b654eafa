import type { AuditEntry, AuditFacts } from '../../domain/audit/record.ts';
import type { SignedOrder } from '../../domain/committee/order.ts';
import type { RunState } from './state.ts';

type Witnessed = Pick<AuditEntry, 'kind' | 'facts'>;

/** Remembers the freeze that validators said, signed, that they stand at: by a standing order it comes without any order of now. */
export function witnessFreeze(state: Pick<RunState, 'orders' | 'frozen'>, entry: Witnessed): void {
  const { kind, facts } = entry;
  if (kind !== 'order.obeyed' && kind !== 'grant.used') return;
  const untilMs = (facts as AuditFacts['order.obeyed' | 'grant.used']).untilSeconds * 1_000;
  state.frozen = {
    // A grant shortens no freeze that stands.
    untilMs: kind === 'grant.used' ? Math.max(frozenUntil(state) ?? 0, untilMs) : untilMs,
    behind: state.orders.length,
  };
}

/** Unix milliseconds at which the newest freeze that the run knows of ends by itself; undefined: none, or it was lifted. */
export function frozenUntil({ orders, frozen }: Pick<RunState, 'orders' | 'frozen'>): number | undefined {
  // What validators said counts until the run is handed another order.
  if (frozen !== undefined && frozen.behind === orders.length) return frozen.untilMs === 0 ? undefined : frozen.untilMs;
  const newest = orders.reduce<SignedOrder['order'] | undefined>(
    (found, { order }) => (found === undefined || order.number > found.number ? order : found),
    undefined,
  );
  return newest?.kind === 'freeze' ? newest.expiresAtSeconds * 1_000 : undefined;
}
