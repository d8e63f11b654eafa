import { patched } from '@temporalio/workflow';
import type { Blamed } from '../../activities/blame.ts';
import type { PlannedPayout, Rung } from '../../activities/payouts.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { Sats } from '../../domain/vault/terms.ts';
import { sign, type NotSigned, type Signed } from '../lib/sign.ts';
import type { Change } from '../lib/track.ts';
import type { PayOutInput, PayOutPhase, SignedAtFee } from './messages.ts';
import { entering } from './state.ts';

/** A transaction that a quorum signed, and what it pays. */
export type SignedRung = Signed & { readonly rung: number; readonly plan: PlannedPayout };

export type Ladder = {
  /** The lowest fee that can still be had, from `rung` on. Validators that signed a higher one give no lower one any more. */
  sign(rung: number, awaitRoom?: (atSeconds: number) => Promise<boolean>): Promise<SignedRung | NotSigned>;
  readonly fees: readonly Sats[];
  readonly signed: readonly SignedRung[];
  /** Of the whole run. */
  sessions(): number;
  /** What was proven in all of them. */
  blame(): readonly Blamed[];
};

/** The transactions that one release request names, one for each fee, and which of them are signed. */
export function ladderOf(
  { key, signedReleaseRequest: release, sessionsMax, sessionSeconds }: PayOutInput,
  lowest: PlannedPayout,
  higher: readonly Rung[],
  report: (change: Change<PayOutPhase>) => void,
): Ladder {
  const plans = [lowest, ...higher.map((rung) => ({ ...lowest, ...rung }))];
  const signed: SignedRung[] = [];
  const blame = new Map<ValidatorId, Blamed>();
  let sessions = 0;
  const signAt = async (
    plan: PlannedPayout,
    awaitRoom?: (atSeconds: number) => Promise<boolean>,
  ): Promise<Signed | NotSigned> => {
    const ended = await sign({
      subject: { key, release, plan },
      vault: release.request.vault,
      ...(sessionsMax === undefined ? {} : { sessionsMax }),
      ...(sessionSeconds === undefined ? {} : { sessionSeconds }),
      sessionsBefore: sessions,
      entering,
      report,
      ...(awaitRoom === undefined ? {} : { awaitRoom }),
    });
    sessions += ended.sessions;
    for (const each of ended.blame ?? []) blame.set(each.validator, each);
    return ended;
  };
  return {
    fees: plans.map(({ feeSats }) => feeSats),
    signed,
    sessions: () => sessions,
    blame: () => [...blame.values()],
    sign: async (from, awaitRoom) => {
      let last: NotSigned = { refusal: { code: 'bug.activity', message: 'there is no such fee' }, sessions };
      for (const [rung, plan] of plans.entries()) {
        if (rung < from) continue;
        const ended = await signAt(plan, awaitRoom);
        if ('session' in ended) {
          const one = { ...ended, rung, plan };
          signed.push(one);
          return one;
        }
        last = { refusal: ended.refusal, sessions };
        if (!mayAtNext(ended)) break;
      }
      return last;
    },
  };
}

/**
 * Whoever has signed a higher fee gives no lower one any more, and where others are away those who still would are too few: one word of a lock
 * is enough to try the next fee. A false one costs nothing, since this fee was not to be had anyway, and the release key signed the next one too.
 */
const mayAtNext = ({ refusal, lockedElsewhere }: NotSigned): boolean =>
  refusal.code === 'conflict.outpoint-locked' || (lockedElsewhere === true && patched('next-fee-at-one-word'));

export const atFee = ({ plan, session, transaction, evidence }: SignedRung): SignedAtFee => ({
  txid: plan.txid,
  feeSats: plan.feeSats,
  signers: session.signers,
  ceremony: session.ceremony,
  transaction,
  evidence,
});
