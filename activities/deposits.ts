import { fromBinary } from '@bufbuild/protobuf';
import type { ChainAnchor, KeyState } from '../domain/ceremony/ceremony.ts';
import type { DepositEvidence } from '../domain/ceremony/evidence.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { WatchedOutput } from '../domain/ports/chain.ts';
import { type Outpoint, outpointText, type Sats, type Terms, type VaultId } from '../domain/vault/terms.ts';
import {
  type DepositsSeen,
  DepositsSeenSchema,
  type Envelope,
  Round,
  ValidatorStatusSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { hear, requestBytes } from './asking.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ascending, envelopeHex, getCertificate, putDocument } from './documents.ts';
import { type KeyReference, requireNetwork } from './keygen.ts';
import { handTerms } from './terms-handing.ts';
import { caughtUpOf, sightOf, watchInSight } from './sight.ts';
import { until } from './waiting.ts';

/** The own chain view is local and cheap; validators are asked only when something changed or a quorum is missing. */
const LOOK_MS = 500;
const ASK_AGAIN_MS = 5_000;
const VIEWS_ASK_MS = 2_000;

export type ObservedOutput = {
  readonly outpoint: Outpoint;
  readonly amountSats: Sats;
  readonly block: ChainAnchor;
  /** Counted up to the needed depth and no further: a deeper deposit is not a change. */
  readonly confirmations: number;
  readonly spentBy?: { readonly txid: string; readonly confirmations: number };
};

/** What the worker's own view and the validators' signed views say at one moment. */
export type DepositObservation = {
  /** Equal fingerprints mean that nothing happened that a state depends on. */
  readonly fingerprint: string;
  readonly outputs: readonly ObservedOutput[];
  readonly anchor: ChainAnchor;
  /** Validators whose own signed view has every output, unspent ones n deep. */
  readonly agreeing: readonly ValidatorId[];
  readonly quorum: number;
  /** The key no longer gives addresses, say at least `quorum` validators. */
  readonly keyState: KeyState | 'unknown';
  readonly deposit: Terms['deposit'];
  readonly statements?: BlobRef;
};

export type DepositWatch = {
  readonly network: string;
  readonly vault: VaultId;
  readonly key: KeyReference;
  readonly script: string;
  readonly watchFromHeight: number;
  readonly confirmations: number;
  /** What the workflow already knows; absent: answer at once. */
  readonly since?: string;
  /** Of the chain that `since` was judged from: a view that is lower has not read the rest yet. */
  readonly sinceHeight?: number;
  /** Answer after this long even if nothing changed. */
  readonly seconds: number;
};

type Views = Pick<DepositObservation, 'agreeing' | 'keyState' | 'statements'>;

export function createDepositActivities(deps: ActivityDependencies) {
  const sees = sightOf(deps);
  const isCaughtUp = caughtUpOf(deps);
  return {
    /**
     * Returns when something changed since `since`, or `undefined` after `seconds` without a change. What a quorum agreed on is
     * not asked again until the own view changes: validators that are down for a moment take no confirmation back.
     */
    observeDeposit: (input: DepositWatch): Promise<DepositObservation | undefined> =>
      attempt(deps, 'observeDeposit', async (now) => {
        requireNetwork(deps, input.network);
        const signed = await deps.terms.get(input.vault);
        if (signed === undefined)
          throw new FirebreakFailure('policy.vault-unknown', `vault ${input.vault} is not open here`);
        await watchInSight(deps, sees, [input.script], input.watchFromHeight, now);
        let views = NO_VIEWS;
        let viewsOf = '';
        let viewsAtMs = 0;
        let observation: DepositObservation | undefined;
        await until(deps, now.signal, deps.clock() + input.seconds * 1_000, LOOK_MS, async () => {
          if (!sees() || !isCaughtUp(input.sinceHeight)) return false;
          const { anchor, outputs } = deps.chain.view.outputs(input.script);
          const own = outputs.map((output) => observed(output, input.confirmations));
          const seen = ownFingerprint(own);
          if (input.since?.startsWith(`${seen}|agreed`) === true) return false;
          const deep = own.length > 0 && own.every((output) => output.confirmations >= input.confirmations);
          if (!deep) views = NO_VIEWS;
          else if (seen !== viewsOf || deps.clock() - viewsAtMs >= ASK_AGAIN_MS) {
            views = await askViews(deps, now, { ...input, own });
            viewsOf = seen;
            viewsAtMs = deps.clock();
          }
          now.report({ outputs: own.length, agreeing: views.agreeing.length, height: anchor.height });
          const fingerprint = `${seen}|${views.agreeing.length >= deps.genesis.threshold ? 'agreed' : 'open'}|${views.keyState}`;
          if (fingerprint === input.since) return false;
          const { deposit } = signed.terms;
          observation = { ...views, fingerprint, outputs: own, anchor, quorum: deps.genesis.threshold, deposit };
          return true;
        });
        return observation;
      }),
  };
}

const NO_VIEWS: Views = { agreeing: [], keyState: 'unknown' };

const observed = (output: WatchedOutput, depth: number): ObservedOutput => ({
  outpoint: output.outpoint,
  amountSats: output.amountSats,
  block: { hash: output.blockHash, height: output.height },
  confirmations: Math.min(output.confirmations, depth),
  ...(output.spentBy === undefined
    ? {}
    : { spentBy: { txid: output.spentBy.txid, confirmations: Math.min(output.spentBy.confirmations, depth) } }),
});

/** Which outputs, in which blocks, deep or not, spent by whom, that deep or not. */
const ownFingerprint = (outputs: readonly ObservedOutput[]): string =>
  outputs
    .map(({ outpoint, block, confirmations, spentBy }) => {
      const spent = spentBy === undefined ? '' : `>${spentBy.txid}#${spentBy.confirmations}`;
      return `${outpointText(outpoint)}@${block.hash}#${confirmations}${spent}`;
    })
    .sort()
    .join(',');

/** Signed views of all participants of the key, and what they say about the key; one that lacks the terms is handed them. */
async function askViews(
  deps: ActivityDependencies,
  now: Attempt,
  input: DepositWatch & { own: readonly ObservedOutput[] },
): Promise<Views> {
  const { vault, key } = input;
  const { participants } = (await getCertificate(deps, key, now)).package;
  const context = { idempotencyKey: now.idempotencyKey, signal: now.signal, deadlineMs: deps.clock() + VIEWS_ASK_MS };
  const askAll = (request: Uint8Array) =>
    deps.network.askMany(new Map(participants.map((validator) => [validator, request])), context);
  const [said, statuses] = await Promise.all([
    askAll(requestBytes(deps, { case: 'sayDeposits', value: { vault, keyset: key.keyset } })),
    askAll(requestBytes(deps, { case: 'sayStatus', value: {} })),
  ]);
  const agreeing = new Map<ValidatorId, Envelope>();
  const without: ValidatorId[] = [];
  for (const answer of said) {
    if (!answer.ok) continue;
    const heard = hear(deps, answer.validator, answer.response, {
      expected: { round: Round.DEPOSITS_SEEN, keyset: key.keyset },
      judge: ({ payload }) =>
        agrees(fromBinary(DepositsSeenSchema, payload), input)
          ? undefined
          : { code: 'not-yet.deposit', message: 'does not see the same deposits yet' },
    });
    if ('opened' in heard) agreeing.set(answer.validator, heard.opened.envelope);
    else if (heard.refusal.code !== 'not-yet.deposit') without.push(answer.validator);
  }
  if (without.length > 0) await handTerms(deps, now, input, without);
  const states = statuses.map((answer) =>
    answer.ok ? keyStateIn(deps, answer.validator, answer.response, key) : undefined,
  );
  const retired = states.filter((state) => state === 'draining' || state === 'retired' || state === 'compromised');
  const keyState: Views['keyState'] = retired.length >= deps.genesis.threshold ? (retired[0] ?? 'unknown') : 'active';
  const evidence: DepositEvidence = {
    version: 1,
    kind: 'deposit',
    environment: deps.genesis.environment,
    network: deps.genesis.name,
    vault,
    depositsSeen: ascending(agreeing).map(([, envelope]) => envelopeHex(envelope)),
  };
  return {
    agreeing: ascending(agreeing).map(([validator]) => validator),
    keyState,
    statements: await putDocument(deps, evidence, now),
  };
}

function agrees(
  said: DepositsSeen,
  { vault, own, confirmations }: Pick<DepositWatch, 'vault' | 'confirmations'> & { own: readonly ObservedOutput[] },
): boolean {
  if (said.vault !== vault) return false;
  const theirs = new Map<string, DepositsSeen['outputs'][number]>(
    said.outputs.flatMap((output) =>
      output.prevout === undefined ? [] : [[`${output.prevout.txid}:${output.prevout.vout}`, output] as const],
    ),
  );
  return own.every((output) => {
    const same = theirs.get(outpointText(output.outpoint));
    return (
      same !== undefined &&
      same.prevout?.amountSats === BigInt(output.amountSats) &&
      same.blockHash === output.block.hash &&
      same.confirmations >= confirmations
    );
  });
}

function keyStateIn(
  deps: ActivityDependencies,
  validator: ValidatorId,
  response: Uint8Array,
  key: KeyReference,
): string | undefined {
  const heard = hear(deps, validator, response, { expected: { round: Round.STATUS } });
  if (!('opened' in heard)) return undefined;
  return fromBinary(ValidatorStatusSchema, heard.opened.payload).keysets.find((held) => held.keyset === key.keyset)
    ?.state;
}
