import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type CeremonyId, ceremonyId } from '../domain/ceremony/ceremony.ts';
import { signingRequestDigest } from '../domain/ceremony/digests.ts';
import type { SigningEvidence, SigningSessionEvidence, SweepEvidence } from '../domain/ceremony/evidence.ts';
import { digestOf, TAGS } from '../domain/encoding/digest.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { type FailureCode, FirebreakFailure } from '../domain/errors/failure.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import type { SignedTerms, VaultId } from '../domain/vault/terms.ts';
import { vaultTweakOf } from '../threshold/verify/vault-script.ts';
import {
  PartialSignaturesSchema,
  Round,
  type SigningRequest,
  SigningRequestSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { requestBytes } from './asking.ts';
import { type Attempt, attempt } from './attempt.ts';
import { checkCommitments, commitmentsBytesMax, partialsBytesMax, signersOf } from './commitments.ts';
import type { ActivityDependencies } from './dependencies.ts';
import {
  ascending,
  envelopeHex,
  type Envelopes,
  getCertificate,
  getEnvelopes,
  inOrder,
  putDocument,
} from './documents.ts';
import { gatherSlice, type Gathering, type Saying, type Slice } from './gathering.ts';
import { askingOrder } from './pauses.ts';
import type { KeyReference } from './keygen.ts';
import type { PlannedPayout } from './payouts.ts';
import { handTerms } from './terms-handing.ts';
import { vaultOf, type Warrant, warrantEvidence, warrantFields, warrantName } from './warrant.ts';

export type SigningSession = {
  readonly ceremony: CeremonyId;
  /** Wire `SigningRequest` bytes; from now on these and no others. */
  readonly request: BlobRef;
  readonly signers: readonly ValidatorId[];
};

/** What the evidence keeps of a session that is over. */
export type SessionRecord = {
  readonly ceremony: CeremonyId;
  readonly request: BlobRef;
  /** Undefined when another session was whole before anything was heard of this one. */
  readonly partials: BlobRef | undefined;
  readonly without: readonly Saying[];
};

export type Subject = { readonly key: KeyReference; readonly plan: PlannedPayout } & Warrant;

/** The anchor is our newest block; a validator whose node is slower learns it within seconds, or the session ends without it. */
const LAGGING: ReadonlySet<FailureCode> = new Set(['conflict.anchor-orphaned']);

/** A ready validator commits within some tens of milliseconds; one that takes longer is no faster than the next one. */
const SPARE_AFTER_MS = 150;

/** Half of the signers have answered, the others are late: another session is begun beside this one sooner than they are waited for. */
const LINGER_MS = 300;

/** Another one is first in each session, so that no validator signs all payouts and no one's absence delays them all. */
function beginningAt(ceremony: CeremonyId, validators: readonly ValidatorId[]): ValidatorId[] {
  const first = Number.parseInt(ceremony.slice(-8), 16) % validators.length;
  return [...validators.slice(first), ...validators.slice(0, first)];
}

export function createSigningActivities(deps: ActivityDependencies) {
  return {
    /** The first `threshold` ready validators are the signers; `session` is there as soon as so many have committed. */
    askCommitments: (
      input: Slice & Subject & { session: string; without: readonly ValidatorId[] },
    ): Promise<{ gathering: Gathering; session?: SigningSession }> =>
      attempt(deps, 'askCommitments', async (now) => {
        const { keyset, epoch } = input.key;
        const { threshold } = deps.genesis;
        const { participants } = (await getCertificate(deps, input.key, now)).package;
        const count = input.plan.place.outpoints.length;
        const { fromHeight: watchFromHeight } = input.plan.place;
        const vault = vaultOf(input);
        const subject = `${warrantName(input)}/${input.plan.transaction.digest}/${input.session}`;
        const ceremony = ceremonyId('signing', digestOf(TAGS.signingRequest, Buffer.from(subject)));
        const proposal = await signingProposal(deps, now, input, ceremony);
        const ask = requestBytes(deps, {
          case: 'giveCommitments',
          value: { ceremony, keyset, count, proposal: toBinary(SigningRequestSchema, proposal) },
        });
        const { gathering, envelopes } = await gatherSlice(deps, now, input, {
          validators: (await askingOrder(deps, now, beginningAt(ceremony, participants))).filter(
            (validator) => !input.without.includes(validator),
          ),
          enough: threshold,
          spareAfterMs: SPARE_AFTER_MS,
          request: () => ask,
          again: LAGGING,
          // A validator that was down when the vault was opened learns its terms now.
          mend: (validator, { code }) =>
            code === 'not-yet.terms-unknown'
              ? handTerms(deps, now, { vault, key: input.key, watchFromHeight }, [validator])
              : Promise.resolve(),
          expected: { round: Round.SIGNING_COMMITMENTS, ceremony, keyset, epoch, suite: deps.suite.id },
          bytesMax: commitmentsBytesMax(count),
          judge: ({ payload }) => checkCommitments(payload, count, input.plan.txid),
        });
        if (envelopes.size < threshold) return { gathering };
        const chosen = ascending(envelopes).slice(0, threshold);
        const signable = create(SigningRequestSchema, { ...proposal, commitments: inOrder(new Map(chosen)) });
        const request = await deps.blobs.put(toBinary(SigningRequestSchema, signable), now);
        return { gathering, session: { ceremony, request, signers: chosen.map(([validator]) => validator) } };
      }),

    /** Asks exactly the signers of the request; a repeat gets the stored bytes, also from another worker. */
    askPartials: (
      input: Slice & {
        key: KeyReference;
        vault: VaultId;
        watchFromHeight: number;
        session: SigningSession;
        /** Ends soon after half of them have answered: the others are asked again. */
        lingers?: boolean;
      },
    ): Promise<Gathering> =>
      attempt(deps, 'askPartials', async (now) => {
        const { ceremony, signers } = input.session;
        const bytes = await deps.blobs.get(input.session.request, now);
        const count = fromBinary(SigningRequestSchema, bytes).inputs.length;
        const digest = signingRequestDigest(bytes);
        const ask = requestBytes(deps, { case: 'givePartials', value: { request: bytes } });
        const { keyset, epoch } = input.key;
        const { gathering } = await gatherSlice(deps, now, input, {
          validators: signers,
          request: () => ask,
          again: LAGGING,
          ...(input.lingers === true ? { lingerMsMin: LINGER_MS } : {}),
          // A validator that was down when the vault was opened learns its terms now.
          mend: (validator, { code }) =>
            code === 'not-yet.terms-unknown' ? handTerms(deps, now, input, [validator]) : Promise.resolve(),
          expected: { round: Round.SIGNING_PARTIAL, ceremony, keyset, epoch, suite: deps.suite.id },
          bytesMax: partialsBytesMax(count),
          judge: ({ from, payload }) => {
            const said = fromBinary(PartialSignaturesSchema, payload);
            const fits = toHex(said.requestDigest) === digest && said.shares.length === count;
            if (!fits) return { code: 'conflict.partial', message: 'signed another request' };
            deps.observer.partialsReceived(from, count);
            return undefined;
          },
        });
        return gathering;
      }),

    /** Adds the partials up, verifies every input, and writes transaction and evidence down. Names culprits, if any. */
    finishSigning: (
      input: Subject & { session: SigningSession; partials: BlobRef; earlier: readonly SessionRecord[] },
    ): Promise<{ transaction: BlobRef; txid: string; evidence: BlobRef }> =>
      attempt(deps, 'finishSigning', async (now) => {
        const certificate = await getCertificate(deps, input.key, now);
        const terms = await termsOf(deps, vaultOf(input));
        const request = fromBinary(SigningRequestSchema, await deps.blobs.get(input.session.request, now));
        const partials = await getEnvelopes(deps, input.partials, now);
        const messages = deps.chain.codec.sighashes(request.transaction, prevoutsOf(request));
        const tweak = vaultTweakOf(terms.terms);
        const signatures = messages.map((message, at) =>
          deps.suite.aggregate(
            certificate.package,
            tweak,
            signersOf(request.commitments, at),
            message,
            sharesOf(partials, at),
          ),
        );
        const signed = deps.chain.codec.attachSignatures(request.transaction, signatures);
        deps.observer.signaturesProduced(signatures.length);
        const { ceremony } = input.session;
        const last: SessionRecord = { ceremony, request: input.session.request, partials: input.partials, without: [] };
        const evidence: SigningEvidence | SweepEvidence = {
          version: 1,
          environment: deps.genesis.environment,
          network: deps.genesis.name,
          certificate,
          terms,
          ...(await warrantEvidence(deps, now, input)),
          sessions: await Promise.all([...input.earlier, last].map((session) => sessionEvidence(deps, now, session))),
          signaturesHex: signatures.map(toHex),
          transactionHex: toHex(signed),
        };
        return {
          transaction: await deps.blobs.put(signed, now),
          txid: input.plan.txid,
          evidence: await putDocument(deps, evidence, now),
        };
      }),
  };
}

/** What the signers are asked to lock outputs for, and with their commitments to sign. */
async function signingProposal(
  deps: ActivityDependencies,
  now: Attempt,
  input: Subject,
  ceremony: CeremonyId,
): Promise<SigningRequest> {
  const transaction = await deps.blobs.get(input.plan.transaction, now);
  const { vaultScript } = input.plan.place;
  const { tip: anchor } = deps.chain.view.status();
  const inputs = deps.chain.codec.readTransaction(transaction).inputs.map((outpoint, index) => {
    const coin = deps.chain.view.output(outpoint).output;
    if (coin === undefined)
      throw new FirebreakFailure('not-yet.deposit', `deposit ${outpoint.txid}:${outpoint.vout} left the chain`);
    const prevout = { ...outpoint, amountSats: BigInt(coin.amountSats), script: fromHex(vaultScript, 'vault script') };
    return { index, vault: vaultOf(input), prevout };
  });
  return create(SigningRequestSchema, {
    suite: deps.suite.id,
    environment: deps.genesis.environment,
    network: deps.genesis.name,
    ceremony,
    keyset: input.key.keyset,
    epoch: input.key.epoch,
    policyVersion: deps.policyVersion,
    transaction,
    inputs,
    ...(await warrantFields(deps, now, input)),
    anchorHash: anchor.hash,
    anchorHeight: anchor.height,
  });
}

async function termsOf(deps: ActivityDependencies, vault: VaultId): Promise<SignedTerms> {
  const terms = await deps.terms.get(vault);
  if (terms === undefined) throw new FirebreakFailure('policy.vault-unknown', `vault ${vault} is not open here`);
  return terms;
}

export const prevoutsOf = (request: SigningRequest) =>
  request.inputs.map(({ prevout }) => ({
    script: toHex(prevout?.script ?? new Uint8Array(0)),
    amountSats: Number(prevout?.amountSats ?? 0n),
  }));

export const sharesOf = (partials: Envelopes, input: number): Map<ValidatorId, Uint8Array> =>
  new Map(
    ascending(partials).map(([validator, { payload }]) => [
      validator,
      fromBinary(PartialSignaturesSchema, payload).shares[input] ?? new Uint8Array(0),
    ]),
  );

async function sessionEvidence(
  deps: ActivityDependencies,
  now: Attempt,
  session: SessionRecord,
): Promise<SigningSessionEvidence> {
  return {
    ceremony: session.ceremony,
    requestHex: toHex(await deps.blobs.get(session.request, now)),
    partials: inOrder(await getEnvelopes(deps, session.partials, now)).map(envelopeHex),
    without: session.without.map(({ validator, code }) => ({ validator, code })),
  };
}
