import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Severity } from '../playbook/plan.ts';
import type { DeliveryReceipt } from '../ports/notifier.ts';

/** Two for the worst, because a pager that is down at the same time as the network is how a night is lost. */
const ROUTES_NEEDED: Readonly<Record<Severity, number>> = { SEV1: 2, SEV2: 1, SEV3: 1, SEV4: 1 };

/** The different routes over which people were told; in order, each once. */
export type Confirmation = { readonly routes: readonly string[] };

/**
 * Whether enough independent channels have confirmed a notice. Channels that share a route (two rooms of one chat, two lists of one
 * mail server) count once; a receipt of an exercise says nothing about a real notice, nor the other way round.
 */
export function judgeConfirmation(
  { severity, exercise }: { readonly severity: Severity; readonly exercise: boolean },
  receipts: readonly DeliveryReceipt[],
): Verdict<Confirmation, 'unavailable.independent-channels'> {
  const routes = [
    ...new Set(receipts.filter((receipt) => receipt.exercise === exercise).map(({ route }) => route)),
  ].sort();
  const needed = ROUTES_NEEDED[severity];
  if (routes.length >= needed) return accept({ routes });
  return refuse(
    'unavailable.independent-channels',
    `${severity} needs ${needed} independent ${needed === 1 ? 'channel' : 'channels'} to confirm, ${routes.length === 0 ? 'none did' : `only ${routes.join(', ')} did`}`,
    { needed, confirmed: routes.length },
  );
}
