import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { NO_ORDER } from '../../domain/committee/order.ts';
import type { KeysetRow, OrderStanding } from './journal/journal.ts';
import type { AgentParts } from './parts.ts';
import type { Standing } from './standing.ts';

/**
 * Orders and keysets for reports and liveness only: a validator whose journal failed must still be able to say that it is
 * halted. Whatever decides reads the journal itself.
 */
export class LastKnown {
  readonly #parts: Pick<AgentParts, 'journal' | 'keyring'>;
  readonly #standing: Standing;
  #orders: OrderStanding = { state: NO_ORDER };
  #grantUses = 0;
  #doubleSigned = 0;
  #keysets: readonly KeysetRow[] = [];

  constructor(parts: Pick<AgentParts, 'journal' | 'keyring'>, standing: Standing) {
    this.#parts = parts;
    this.#standing = standing;
  }

  orders(): OrderStanding {
    this.#refresh();
    return this.#orders;
  }

  /** Uses of grants, and orders and epochs that a committee signed beside others of their number. */
  counts(): { readonly grantUses: number; readonly doubleSigned: number } {
    this.#refresh();
    return { grantUses: this.#grantUses, doubleSigned: this.#doubleSigned };
  }

  keysets(): readonly KeysetRow[] {
    this.#refresh();
    return this.#keysets;
  }

  #refresh(): void {
    try {
      const { journal } = this.#parts;
      this.#orders = journal.orders.standing();
      this.#grantUses = journal.grants.count();
      this.#doubleSigned = journal.doubleSigned.count();
      this.#keysets = this.#parts.keyring.list();
    } catch (error) {
      if (!(error instanceof FirebreakFailure)) throw error;
      this.#standing.halt(`${error.code}: ${error.message}`);
    }
  }
}
