import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { AgentDependencies } from './dependencies.ts';
import type { Standing } from './standing.ts';

type Parts = Pick<AgentDependencies, 'chain' | 'journal' | 'clock' | 'logger'>;

/** The trouble of a chain view that nobody may guess about. */
const TOO_DEEP = 'policy.reorg-too-deep';

/**
 * Freezes payouts when the own chain view sees a reorganisation beyond its bound, and has them go on when the committee says in which chain.
 * The view only stops; what is written here survives a restart, an index that is removed, and the return of the old branch (ADR 0027).
 */
export class ChainBrake {
  readonly #parts: Parts;
  readonly #standing: Standing;

  constructor(parts: Parts, standing: Standing) {
    this.#parts = parts;
    this.#standing = standing;
  }

  /** Looks at view and journal and does what is due; cheap when nothing is. Called before whatever depends on it. */
  look(): void {
    try {
      this.#look();
    } catch (error) {
      if (!(error instanceof FirebreakFailure)) throw error;
      // Payouts must not go on past a freeze that could not be written down.
      if (error.family !== 'not-yet') this.#standing.halt(`${error.code}: ${error.message}`);
    }
  }

  #look(): void {
    const { chain, journal, clock, logger } = this.#parts;
    const { tip, trouble } = chain.status();
    const isStopped = trouble?.code === TOO_DEEP;
    const before = journal.chainFreezes.current();
    if (before === undefined) {
      if (!isStopped) return;
      const reason = `${trouble.code}: ${trouble.message}`;
      journal.chainFreezes.begin({ tip, reason, afterOrder: this.#ordersPassed() }, clock());
      logger.error({ tip: tip.hash, tipHeight: tip.height, reason: trouble.message }, 'freezes payouts by itself');
      return;
    }
    const lift = journal.chainFreezes.liftAfter(before.afterOrder);
    if (lift?.block === undefined) return;
    if (isStopped) return chain.acceptBranch(lift.block);
    if (!chain.isCanonical(lift.block)) return;
    journal.chainFreezes.end(before.number, lift.number);
    logger.warn({ number: lift.number, ...lift.block }, 'payouts go on: the committee named this chain');
  }

  /**
   * The number of the last order that says nothing about the reorganisation that begins now. A node that is behind the others sees it after the
   * committee has spoken: the present order counts when it names a block that is not in the chain which is about to be left. One of that chain
   * was named for an earlier reorganisation.
   */
  #ordersPassed(): number {
    const { chain, journal } = this.#parts;
    const present = journal.orders.current();
    if (present === undefined) return 0;
    const { number, block } = present.signedOrder.order;
    return block === undefined || chain.isCanonical(block) ? number : number - 1;
  }
}
