import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { NO_ORDER } from '../../domain/committee/order.ts';
import { FREEZE_RENEWALS_MAX, freezesLeft } from '../../domain/committee/renewals.ts';
import { windowStartMs } from '../../domain/vault/outflow.ts';
import type { Sats } from '../../domain/vault/terms.ts';
import type { AgentReport } from './agent.ts';
import type { KeysetRow, OrderStanding } from './journal/journal.ts';
import type { AgentParts } from './parts.ts';
import type { Standing } from './standing.ts';

type Known = Pick<AgentParts, 'journal' | 'keyring' | 'policy' | 'authority'>;

/**
 * Orders and keysets for reports and liveness only: a validator whose journal failed must still be able to say that it is
 * halted. Whatever decides reads the journal itself.
 */
export class LastKnown {
  readonly #parts: Known;
  readonly #standing: Standing;
  #orders: OrderStanding = { state: NO_ORDER };
  #grantUses = 0;
  #breakGlassUses = 0;
  #doubleSigned = 0;
  #keysets: readonly KeysetRow[] = [];
  #outflowSats: Sats = 0;
  #freezesLeft = 1 + FREEZE_RENEWALS_MAX;

  constructor(parts: Known, standing: Standing) {
    this.#parts = parts;
    this.#standing = standing;
  }

  orders(): OrderStanding {
    this.#refresh();
    return this.#orders;
  }

  /** Uses of grants, those of break-glass that froze, and orders and epochs that a committee signed beside others of their number. */
  counts(): Pick<AgentReport, 'grantUses' | 'breakGlassUses' | 'doubleSigned'> {
    this.#refresh();
    return { grantUses: this.#grantUses, breakGlassUses: this.#breakGlassUses, doubleSigned: this.#doubleSigned };
  }

  /** Signed away in the window that ends now. */
  outflowSats(nowMs: number): Sats {
    this.#unlessFailed(({ journal, policy }) => {
      this.#outflowSats = journal.outflow.sumSince(windowStartMs(nowMs, policy.outflowCap));
    });
    return this.#outflowSats;
  }

  /** What the freeze quorum alone may still sign in a row, as of now. */
  freezesLeft(nowMs: number): number {
    this.#unlessFailed(({ journal, authority }) => {
      this.#freezesLeft = freezesLeft(journal.orders.latest(), authority().committee, Math.floor(nowMs / 1_000));
    });
    return this.#freezesLeft;
  }

  keysets(): readonly KeysetRow[] {
    this.#refresh();
    return this.#keysets;
  }

  #refresh(): void {
    this.#unlessFailed(({ journal, keyring }) => {
      this.#orders = journal.orders.standing();
      this.#grantUses = journal.grants.count();
      this.#breakGlassUses = journal.grants.obeyedOf('break-glass');
      this.#doubleSigned = journal.doubleSigned.count();
      this.#keysets = keyring.list();
    });
  }

  #unlessFailed(read: (parts: Known) => void): void {
    try {
      read(this.#parts);
    } catch (error) {
      if (!(error instanceof FirebreakFailure)) throw error;
      this.#standing.halt(`${error.code}: ${error.message}`);
    }
  }
}
