import { judgeSweepVotes } from '../domain/approval/sweep.ts';
import type { Proof } from '../domain/approval/execution.ts';
import type { KeyCertificate } from '../domain/ceremony/ceremony.ts';
import type { SignedEpoch } from '../domain/committee/epoch.ts';
import { type Digest, sha256Hex } from '../domain/encoding/digest.ts';
import { failureOf, FirebreakFailure } from '../domain/errors/failure.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { WatchedOutput } from '../domain/ports/chain.ts';
import { feeFor, RELAY_FLOOR_SATS_PER_KVB } from '../domain/vault/fee.ts';
import { bySweepOrder, coinsToSweep, sweepableSats } from '../domain/vault/sweep.ts';
import type { Sats, SignedTerms, VaultId } from '../domain/vault/terms.ts';
import { vaultScript } from '../threshold/verify/vault-script.ts';
import { encodeDocument } from '../wire/documents/index.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { getCertificate, getDocument, putDocument } from './documents.ts';
import { type HeldVault, holdingsOf, type KeyHoldings } from './holdings.ts';
import { type KeyReference, requireNetwork } from './keygen.ts';
import type { PlannedPayout } from './payouts.ts';
import { authorityOf } from './playbook/committees.ts';
import { sightOf, watchInSight } from './sight.ts';

/** Blocks within which a sweep should be mined, when nobody is in more of a hurry. */
const TARGET_BLOCKS = 3;
/** Families of failures that time or validators mend. */
const WAITS: ReadonlySet<string> = new Set(['unavailable', 'not-yet']);

export type SweepListing =
  | { readonly kind: 'listed'; readonly list: SweepList }
  /** Too few validators answer, or the successor is not known to enough of them. */
  | { readonly kind: 'not-yet'; readonly reason: string };

export type SweepList = {
  /** The key that coins go to. */
  readonly to: KeyReference;
  /** Keys of the epoch that is left; two of one epoch are possible when a key generation was repeated. */
  readonly from: readonly KeyReference[];
  /** `HeldVault` documents. */
  readonly vaults: BlobRef;
  readonly count: number;
};

export type ListSweep = {
  readonly network: string;
  readonly fromEpoch: number;
  readonly toEpoch: number;
  /** SHA-256 of the RFC 8785 bytes of the successor's certificate. */
  readonly certificate: Digest;
  readonly step: string;
  readonly proof: BlobRef;
  readonly epochs: BlobRef;
};

export type SweepPlanning =
  | {
      readonly kind: 'planned';
      readonly plan: PlannedPayout;
      readonly signedTerms: SignedTerms;
      /** Participants of the successor, who must watch the new address. */
      readonly receivers: number;
      /** Nothing of this sweep is older than this block. */
      readonly tipHeight: number;
    }
  /** Nothing that is worth a transaction lies under the old key. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-yet'; readonly reason: string };

export type PlanSweep = {
  readonly network: string;
  readonly vault: VaultId;
  readonly from: KeyReference;
  readonly to: KeyReference;
  readonly watchFromHeight: number;
  readonly confirmations: number;
  /** What is estimated counts so many times: an earlier transaction of the same coins may have to be outbid. */
  readonly feeTimes: number;
};

export function createSweepActivities(deps: ActivityDependencies) {
  const sees = sightOf(deps);
  return {
    /** Which vaults are to be swept, by the validators' own statements; the votes are judged before anybody is asked to sign. */
    listSweep: (input: ListSweep): Promise<SweepListing> =>
      attempt(deps, 'listSweep', async (now) => {
        requireNetwork(deps, input.network);
        try {
          return { kind: 'listed', list: await list(deps, now, input) };
        } catch (error) {
          if (now.signal.aborted || !(error instanceof FirebreakFailure) || !WAITS.has(error.family)) throw error;
          return { kind: 'not-yet', reason: error.message };
        }
      }),

    /** A part of the list, small enough for a workflow to carry. */
    sweepListPart: (input: { vaults: BlobRef; at: number; count: number }): Promise<readonly HeldVault[]> =>
      attempt(deps, 'sweepListPart', async (now) => {
        const vaults = await getDocument<readonly HeldVault[]>(deps, input.vaults, now);
        return vaults.slice(input.at, input.at + input.count);
      }),

    /** One transaction from the coins of a vault to the same vault under the successor; validators judge all of it again. */
    planSweep: (input: PlanSweep): Promise<SweepPlanning> =>
      attempt(deps, 'planSweep', async (now) => {
        requireNetwork(deps, input.network);
        const signedTerms = await deps.terms.get(input.vault);
        if (signedTerms === undefined)
          throw new FirebreakFailure('policy.vault-unknown', `vault ${input.vault} is not open here`);
        const { terms } = signedTerms;
        const from = await getCertificate(deps, input.from, now);
        const to = await getCertificate(deps, input.to, now);
        const { view } = deps.chain;
        if (!view.status().synced)
          return { kind: 'not-yet', reason: 'the chain view of the worker is behind its node' };
        const script = vaultScript(from.package, terms);
        const payoutScript = vaultScript(to.package, terms);
        await watchInSight(deps, sees, [script, payoutScript], input.watchFromHeight, now);
        const unspent = view.outputs(script).outputs.filter(({ spentBy }) => spentBy === undefined);
        if (sweepableSats(unspent.map(({ amountSats }) => amountSats)) === 0) return { kind: 'empty' };
        const deep = unspent.filter(({ confirmations }) => confirmations >= input.confirmations);
        if (sweepableSats(deep.map(({ amountSats }) => amountSats)) === 0)
          return { kind: 'not-yet', reason: `no deposit is ${input.confirmations} blocks deep` };
        const drawn = await draw(deps, now, deep, payoutScript, terms.maximumFeeSats, input.feeTimes);
        const validators = from.package.participants.length;
        const oldest = Math.min(...drawn.coins.map(({ height }) => height));
        const place = {
          outpoints: drawn.coins.map(({ outpoint }) => outpoint),
          vaultScript: script,
          payoutScript,
          fromHeight: Math.min(input.watchFromHeight, oldest),
          paidFromHeight: oldest,
        };
        const { transaction, txid, feeSats, payoutSats } = drawn;
        const { threshold } = deps.genesis;
        return {
          kind: 'planned',
          plan: { transaction, txid, feeSats, payoutSats, threshold, validators, place },
          signedTerms,
          receivers: to.package.participants.length,
          tipHeight: view.status().tip.height,
        };
      }),
  };
}

async function list(deps: ActivityDependencies, now: Attempt, input: ListSweep): Promise<SweepList> {
  const successor = (await holdingsOf(deps, now, input.toEpoch)).find(
    ({ certificate }) => sha256Hex(encodeDocument(certificate)) === input.certificate,
  );
  if (successor === undefined)
    throw new FirebreakFailure(
      'not-yet.sweep-successor',
      `no key of epoch ${input.toEpoch} with certificate ${input.certificate.slice(0, 12)} is held by enough validators`,
    );
  await requireVotes(deps, now, input, successor.certificate);
  const leaving = await holdingsOf(deps, now, input.fromEpoch);
  const vaults: readonly HeldVault[] = leaving.flatMap((held) => held.vaults);
  return {
    to: await referenceTo(deps, now, successor),
    from: await Promise.all(leaving.map((held) => referenceTo(deps, now, held))),
    vaults: await putDocument(deps, vaults, now),
    count: vaults.length,
  };
}

/** Coins that are worth their input at this fee, and the transaction over them; at the lowest fee that is relayed when the estimate takes too much. */
async function draw(
  deps: ActivityDependencies,
  now: Attempt,
  deep: readonly WatchedOutput[],
  payoutScript: string,
  maximumFeeSats: Sats,
  feeTimes: number,
): Promise<
  Pick<PlannedPayout, 'transaction' | 'txid' | 'feeSats' | 'payoutSats'> & { readonly coins: readonly WatchedOutput[] }
> {
  const { codec, fees } = deps.chain;
  const estimate = await fees.estimate(TARGET_BLOCKS, now);
  const floorSatsPerKvb = estimate.kind === 'no-estimate' ? estimate.floorSatsPerKvb : RELAY_FLOOR_SATS_PER_KVB;
  const wanted = estimate.kind === 'no-estimate' ? floorSatsPerKvb : estimate.satsPerKvb;
  const dear = coinsToSweep(deep, wanted * feeTimes);
  const taken = sumOf(dear) > sumOf(deep) / 2 ? dear : coinsToSweep(deep, floorSatsPerKvb);
  const coins = taken.toSorted((a, b) => bySweepOrder(a.outpoint, b.outpoint));
  const vsize = codec.payoutVsize(coins.length, payoutScript);
  const capSats = Math.min(maximumFeeSats, sumOf(coins) - codec.dustLimitSats(payoutScript));
  const fairSats = feeFor(estimate, vsize, capSats);
  const floorSats = Math.ceil((vsize * floorSatsPerKvb) / 1_000);
  const feeSats = Math.min(capSats, Math.max(floorSats, Math.ceil(fairSats * feeTimes)));
  const inputs = coins.map(({ outpoint, amountSats, script }) => ({ outpoint, amountSats, script }));
  const built = codec.buildPayout({ inputs, payoutScript, feeSats });
  const transaction = await deps.blobs.put(built.transaction, now);
  return { transaction, txid: built.txid, feeSats, payoutSats: sumOf(coins) - feeSats, coins };
}

const sumOf = (coins: readonly WatchedOutput[]): Sats => coins.reduce((sum, { amountSats }) => sum + amountSats, 0);

async function referenceTo(
  deps: ActivityDependencies,
  now: Attempt,
  { certificate }: Pick<KeyHoldings, 'certificate'>,
): Promise<KeyReference> {
  const { keyset, epoch } = certificate.package;
  return { keyset, epoch, certificate: await putDocument(deps, certificate, now) };
}

async function requireVotes(
  deps: ActivityDependencies,
  now: Attempt,
  { fromEpoch, step, proof, epochs }: ListSweep,
  successor: KeyCertificate,
): Promise<void> {
  const authority = authorityOf(deps, await getDocument<readonly SignedEpoch[]>(deps, epochs, now));
  const votes = judgeSweepVotes(
    { proof: await getDocument<Proof>(deps, proof, now), step, fromEpoch, successor },
    authority,
    Math.floor(deps.clock() / 1_000),
  );
  if (!votes.ok) throw failureOf(votes.refusal);
}
