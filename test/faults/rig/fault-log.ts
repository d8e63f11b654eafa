import type { Outpoint } from '../../../domain/vault/terms.ts';
import type { KeyRef } from '../../../workflows/generate-key/messages.ts';
import type { Strike } from './strikes.ts';

export type PaidDeposit = {
  readonly outpoint: Outpoint;
  /** The first block that can hold a spend of it. */
  readonly fromHeight: number;
  /** The only script that the terms allow. */
  readonly payoutScript: string;
};

/** What the scenes leave for the ones that look at everything afterwards. */
export type FaultLog = {
  key: KeyRef | undefined;
  readonly paid: PaidDeposit[];
  readonly strikes: (Strike & { readonly process: string })[];
};

export const faultLog = (): FaultLog => ({ key: undefined, paid: [], strikes: [] });

export function keyIn(log: FaultLog): KeyRef {
  if (log.key === undefined) throw new Error('no key was made: an earlier scene failed');
  return log.key;
}
