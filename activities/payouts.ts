import { failureOf, FirebreakFailure } from '../domain/errors/failure.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { WatchedOutput } from '../domain/ports/chain.ts';
import {
  type Outpoint,
  outpointText,
  type Sats,
  type SignedReleaseRequest,
  type Terms,
} from '../domain/vault/terms.ts';
import { judgeReleaseRequest } from '../domain/vault/verify-release.ts';
import { vaultScript } from '../threshold/verify/vault-script.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { getCertificate } from './documents.ts';
import { type KeyReference, requireNetwork } from './keygen.ts';
import { sightOf, watchInSight } from './sight.ts';

/** Where the coins lie and where they must go. */
export type PayoutPlace = {
  readonly outpoints: readonly Outpoint[];
  readonly vaultScript: string;
  readonly payoutScript: string;
  /**
   * Where the watch of the vault began, and not where its deposits are now: a reorganisation may put them lower, and whoever begins to look
   * then, another worker or a validator that is handed the terms, must find them.
   */
  readonly fromHeight: number;
  /** Nothing was paid below the oldest deposit. Absent in plans of earlier builds. */
  readonly paidFromHeight?: number;
};

export type PlannedPayout = {
  /** BIP144 bytes without witnesses. */
  readonly transaction: BlobRef;
  readonly txid: string;
  readonly feeSats: Sats;
  readonly payoutSats: Sats;
  readonly threshold: number;
  readonly validators: number;
  readonly place: PayoutPlace;
};

/** One fee that the release key signed, and the one transaction that it makes. */
export type Rung = Pick<PlannedPayout, 'transaction' | 'txid' | 'feeSats' | 'payoutSats'>;

export type PayoutPlanning =
  | {
      readonly kind: 'planned';
      /** At the lowest fee of the request. */
      readonly plan: PlannedPayout;
      /** What may take its place, by fee, and the highest fee that the terms allow at all. Absent in what earlier builds planned. */
      readonly higher?: readonly Rung[];
      readonly maximumFeeSats?: Sats;
    }
  /** An earlier run may have paid already: ask the chain, sign nothing. */
  | { readonly kind: 'spent'; readonly place: PayoutPlace }
  | { readonly kind: 'not-yet'; readonly reason: string };

export type Broadcast = { readonly transaction: BlobRef; readonly txid: string; readonly mayRefuse?: true };

export type PlanRequest = {
  readonly network: string;
  readonly release: SignedReleaseRequest;
  readonly key: KeyReference;
  readonly watchFromHeight: number;
  readonly confirmations: number;
};

export function createPayoutActivities(deps: ActivityDependencies) {
  const sees = sightOf(deps);
  return {
    /** Turns a release request into one transaction, from the worker's own chain view; validators judge all of it again. */
    planPayout: (input: PlanRequest): Promise<PayoutPlanning> =>
      attempt(deps, 'planPayout', async (now) => {
        requireNetwork(deps, input.network);
        const { request } = input.release;
        const signed = await deps.terms.get(request.vault);
        if (signed === undefined)
          throw new FirebreakFailure('policy.vault-unknown', `vault ${request.vault} is not open here`);
        const { terms } = signed;
        const judged = judgeReleaseRequest(input.release, terms, {
          environment: deps.genesis.environment,
          network: deps.genesis.name,
          nowSeconds: Math.floor(deps.clock() / 1_000),
        });
        // Nobody waits for the deposit of a forged request; an expired one may still learn that it was paid in time.
        if (!judged.ok && judged.refusal.code !== 'policy.release-expired') throw failureOf(judged.refusal);
        const certificate = await getCertificate(deps, input.key, now);
        const script = vaultScript(certificate.package, terms);
        const { view } = deps.chain;
        if (!view.status().synced)
          return { kind: 'not-yet', reason: 'the chain view of the worker is behind its node' };
        await watchInSight(deps, sees, [script], input.watchFromHeight, now);
        const { outputs } = view.outputs(script);
        const coins: WatchedOutput[] = [];
        for (const outpoint of request.outpoints) {
          const coin = outputs.find((output) => outpointText(output.outpoint) === outpointText(outpoint));
          if (coin === undefined)
            return { kind: 'not-yet', reason: `deposit ${outpointText(outpoint)} is not in the chain` };
          coins.push(coin);
        }
        const oldest = Math.min(...coins.map((coin) => coin.height));
        const place: PayoutPlace = {
          outpoints: request.outpoints,
          vaultScript: script,
          payoutScript: terms.payoutScript,
          fromHeight: Math.min(input.watchFromHeight, oldest),
          paidFromHeight: oldest,
        };
        if (coins.some((coin) => coin.spentBy !== undefined)) return { kind: 'spent', place };
        if (!judged.ok) throw failureOf(judged.refusal);
        const sum = coins.reduce((total, coin) => total + coin.amountSats, 0);
        if (sum !== request.amountSats) {
          throw new FirebreakFailure(
            'policy.release-request',
            `the deposits hold ${sum} sat, the request says ${request.amountSats}`,
          );
        }
        const shallow = coins.find((coin) => coin.confirmations < input.confirmations);
        if (shallow !== undefined) {
          const depth = `${shallow.confirmations} of ${input.confirmations}`;
          return { kind: 'not-yet', reason: `deposit ${outpointText(shallow.outpoint)} has ${depth} confirmations` };
        }
        const lowest = await draw(deps, now, terms, request.feeSats, coins);
        const higher: Rung[] = [];
        for (const feeSats of request.higherFeesSats ?? []) higher.push(await draw(deps, now, terms, feeSats, coins));
        const { threshold } = deps.genesis;
        const validators = certificate.package.participants.length;
        const { maximumFeeSats } = terms;
        return { kind: 'planned', plan: { ...lowest, threshold, validators, place }, higher, maximumFeeSats };
      }),

    /**
     * Submits the bytes; any doubt is settled by asking what became of them. With `mayRefuse`, a node that was asked and does not hold
     * them is an answer: the fee is too low today, or another transaction of the same coins is ahead. Without, it is tried on.
     */
    broadcastPayout: (input: Broadcast): Promise<{ outcome: string; reason?: string; tipHeight?: number }> =>
      attempt(deps, 'broadcastPayout', async (now) => {
        const tipHeight = deps.chain.view.status().tip.height;
        const bytes = await deps.blobs.get(input.transaction, now);
        try {
          const { outcome } = await deps.chain.broadcaster.submit(bytes, now);
          return { outcome, tipHeight };
        } catch (error) {
          now.signal.throwIfAborted();
          const became = await deps.chain.broadcaster.whatBecameOf(input.txid, now);
          if (became !== 'unknown') return { outcome: became, tipHeight };
          if (input.mayRefuse !== true || !(error instanceof FirebreakFailure)) throw error;
          return { outcome: 'refused', reason: error.message.slice(0, 300), tipHeight };
        }
      }),
  };
}

/** The one transaction that the request names at this fee: a later run of it draws the same bytes. */
async function draw(
  deps: ActivityDependencies,
  now: Attempt,
  { payoutScript }: Terms,
  feeSats: Sats,
  coins: readonly WatchedOutput[],
): Promise<Rung> {
  const { codec } = deps.chain;
  const payoutSats = coins.reduce((total, coin) => total + coin.amountSats, 0) - feeSats;
  if (payoutSats < codec.dustLimitSats(payoutScript)) {
    throw new FirebreakFailure(
      'policy.payout-dust',
      `after a fee of ${feeSats} sat the payout would be ${payoutSats} sat`,
    );
  }
  const inputs = coins.map(({ outpoint, amountSats, script }) => ({ outpoint, amountSats, script }));
  const built = codec.buildPayout({ inputs, payoutScript, feeSats });
  return { transaction: await deps.blobs.put(built.transaction, now), txid: built.txid, feeSats, payoutSats };
}
