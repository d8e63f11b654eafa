import { grantDigest, provenGrant, type SignedGrant } from '../../domain/committee/grant.ts';
import {
  grantUseDigest,
  isStricter,
  judgeGrantUse,
  provenUse,
  type SignedGrantUse,
} from '../../domain/committee/grant-use.ts';
import type { OrderState, SignedOrder } from '../../domain/committee/order.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { Committees } from './committees.ts';
import type { AgentDependencies } from './dependencies.ts';
import type { GrantUseRow } from './journal/journal.ts';
import { tellAll } from './news.ts';

/** A grant and its use go with an order into one announcement. */
export const GRANT_BYTES_MAX = 262_144;

export type Used = { readonly state: OrderState /** False when it was obeyed before. */; readonly isNew: boolean };
export type ObeyedUse = { readonly grant: SignedGrant; readonly use: SignedGrantUse; readonly order?: SignedOrder };

export type Grants = {
  /**
   * Freezes under a grant, or says why not. `standing`: how many other validators say now, signed, that they stand at this use. When they are as
   * many as it takes to sign, the committee of the grant's own time judges it: one of them is honest and obeyed it then.
   */
  use(grant: SignedGrant, use: SignedGrantUse, standing?: number): Verdict<Used>;
  /**
   * Takes over what another copy of this journal obeyed, as of the use's own beginning. Two copies may have spent more than the budget together,
   * or used one step in two ways: no freeze is lost by that, and of two ways the stricter one stays.
   */
  recall(grant: SignedGrant, use: SignedGrantUse): Verdict<Used>;
  onNew(listener: (obeyed: ObeyedUse) => void): void;
};

type Parts = Pick<AgentDependencies, 'genesis' | 'journal' | 'clock' | 'logger'>;

/**
 * Freezes that the committee allowed beforehand. A use is one run and step; it is on disk together with the end of its freeze before anything is
 * answered. State and budget come out the same in whatever order orders and uses arrive: a use that a later order has overtaken is
 * written down as spent.
 */
export function createGrants(parts: Parts, committees: Committees): Grants {
  const { genesis, journal, clock, logger } = parts;
  const listeners: ((obeyed: ObeyedUse) => void)[] = [];

  function take(
    grant: SignedGrant,
    signedUse: SignedGrantUse,
    standing: number,
    { nowMs, isRecalled }: { readonly nowMs: number; readonly isRecalled: boolean },
  ): Verdict<Used> {
    const bytes = canonicalBytes(grant).length + canonicalBytes(signedUse).length;
    if (bytes > GRANT_BYTES_MAX)
      return refuse('input.grant-size', `grant and use have ${bytes} bytes, at most ${GRANT_BYTES_MAX} are kept`);
    const { run, step, afterOrder, startedAtSeconds, freezeSeconds } = signedUse.use;
    const past = journal.grants.uses(grantDigest(grant.grant));
    const earlier = past.find((row) => row.signedUse.use.run === run && row.signedUse.use.step === step);
    const digest = grantUseDigest(signedUse.use);
    const { state: current, order } = journal.orders.standing();
    // What was obeyed is obeyed, whoever is the committee now and however late it is.
    if (earlier?.digest === digest && earlier.obeyed) return accept({ state: current, isNew: false });
    if (isRecalled && earlier !== undefined && !isStricter(signedUse.use, earlier.signedUse.use))
      return accept({ state: current, isNew: false });
    const former = standing >= genesis.threshold ? committees.of(grant.grant.committeeEpoch) : undefined;
    const uses = isRecalled ? [] : past.map((row) => row.signedUse.use);
    const authority = former ?? committees.authority();
    const judged = judgeGrantUse(grant, signedUse, uses, current, authority, Math.floor(nowMs / 1_000));
    // Kept, and told every second: with nothing but what proves it.
    const row = (obeyed: boolean): GrantUseRow => ({
      digest,
      signedGrant: provenGrant(grant, authority.committee),
      signedUse: provenUse(grant.grant, signedUse, authority.committee),
      frozenUntilSeconds: startedAtSeconds + freezeSeconds,
      obeyed,
    });
    if (!judged.ok) {
      const isPassed = judged.refusal.code === 'conflict.grant-passed' && uses.length < grant.grant.limits.usesMax;
      if (isPassed) journal.grants.use(row(false), clock());
      return judged;
    }
    // Only a use that a later order had overtaken is known and not obeyed.
    if (earlier !== undefined && !isRecalled)
      return refuse('conflict.grant-passed', `order ${current.number} came after this use`, {
        current: current.number,
      });
    const obeyed = row(true);
    journal.grants.use(obeyed, clock());
    const { state } = journal.orders.standing();
    const { kind, number } = grant.grant;
    logger.warn({ kind, grant: number, run, step, afterOrder, ...state }, 'freezes under a grant');
    const told = { grant: obeyed.signedGrant, use: obeyed.signedUse };
    tellAll(listeners, { ...told, ...(order === undefined ? {} : { order: order.signedOrder }) }, logger);
    return accept({ state, isNew: true });
  }

  return {
    use: (grant, signedUse, standing = 0) => take(grant, signedUse, standing, { nowMs: clock(), isRecalled: false }),
    recall: (grant, signedUse) => {
      const nowMs = signedUse.use.startedAtSeconds * 1_000;
      return take(grant, signedUse, genesis.threshold, { nowMs, isRecalled: true });
    },
    onNew: (listener) => void listeners.push(listener),
  };
}
