import type { Refusal, Verdict } from '../../../domain/errors/failure.ts';
import type { WatchedOutput } from '../../../domain/ports/chain.ts';
import type { Outpoint, Sats, Terms } from '../../../domain/vault/terms.ts';
import type { TermsRow } from '../journal/journal.ts';
import type { Destination } from './rules.ts';

/** What lets the coins of one vault move, and where to: a release request, or votes for a sweep. Signatures are judged before it exists. */
export type Warrant = {
  readonly vault: string;
  /** With the terms as this validator holds them; they are judged by then. */
  destination(terms: Terms): Verdict<Destination>;
  /** What else it says about these coins, once the deposits are known and before the output is looked at. */
  coins?(inputs: readonly Outpoint[], deposits: readonly WatchedOutput[]): Refusal | undefined;
  fee?(feeSats: Sats): Refusal | undefined;
  /** Whether the coins leave the vault, and count against what this validator lets out. */
  readonly isOutflow: boolean;
  /** Where the vault is found after its coins have moved: what has to be on disk before a partial signature leaves. */
  moved?(held: TermsRow): TermsRow;
};
