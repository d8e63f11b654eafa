import {
  type CeremonyId,
  givesSweeps,
  isCeremonyId,
  type KeyState,
  type PublicKeyPackage,
} from '../../domain/ceremony/ceremony.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import { RELEASE_OUTPOINTS_MAX } from '../../domain/vault/verify-release.ts';
import type { PublicNonces, SignerCommitment } from '../../threshold/suite.ts';
import {
  type Envelope,
  type GiveCommitments,
  Round,
  SigningCommitmentsSchema,
  SigningRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { Locks } from './locks.ts';
import { BoundedMap } from './memory.ts';
import type { AgentParts, Answer } from './parts.ts';
import { openRound } from './round.ts';
import { type About, aboutKey, decode, say } from './statements.ts';
import { STEP } from './step-names.ts';

/** Envelopes remembered, so that a repeated question gets the same commitments and costs no new nonces. */
const CEREMONIES_KEPT = 256;
const POINT_BYTES = 33;

/** `proposal`: the signing request to come, without its commitments; empty for a self-test, which spends nothing. */
export type CommitmentsAsked = Pick<GiveCommitments, 'ceremony' | 'keyset' | 'count' | 'proposal'>;

export type Commitments = {
  give(asked: CommitmentsAsked): Promise<Answer>;
  /** The nonces of this ceremony are used up or gone: nobody gets its old commitments again. */
  forget(ceremony: string): void;
};

/**
 * A certified key signs its self-test only. Any key that had addresses may have to be swept, and commitments alone sign nothing: what
 * they are used for is judged when it is asked.
 */
const allowed = (ceremony: CeremonyId) => (state: KeyState) =>
  ceremony.startsWith('selftest-') ? state === 'certified' : givesSweeps(state);

/**
 * Commitments for a payout or a sweep are also a word about its outputs: they are locked for it, on disk, before the word leaves, and no
 * partial signature is given before as many have said so as must sign. Whoever forgets its locks can be told by the others (ADR 0024).
 */
export function createCommitments(parts: AgentParts, locks: Pick<Locks, 'lock'>): Commitments {
  const given = new BoundedMap<string, Given>(CEREMONIES_KEPT);
  return {
    async give({ ceremony, keyset, count, proposal }) {
      if (!isCeremonyId(ceremony) || ceremony.startsWith('keygen-')) {
        return refuse('input.request-malformed', 'commitments are given for a signing or selftest ceremony');
      }
      if (count < 1 || count > RELEASE_OUTPOINTS_MAX) {
        return refuse('input.request-malformed', `commitments are given for 1 to ${RELEASE_OUTPOINTS_MAX} inputs`);
      }
      const row = parts.keyring.requireShare(keyset, allowed(ceremony), 'sign in this ceremony');
      if (!row.ok) return row;
      const known = given.get(ceremony);
      const transaction = decode(SigningRequestSchema, proposal)?.transaction;
      if (known !== undefined) {
        return known.keyset === keyset && known.count === count && isSame(known.transaction, transaction)
          ? accept(known.envelope)
          : refuse('conflict.ceremony-commitments', `ceremony ${ceremony} has commitments for something else`);
      }
      const isSelfTest = ceremony.startsWith('selftest-');
      const locked = isSelfTest ? accept('') : locks.lock({ ceremony, keyset, count, proposal });
      if (!locked.ok) return locked;
      const { package: key, sealedShare } = row.value;
      const nonces = await parts.signer.commit(key, sealedShare, count, ceremony);
      parts.journal.steps.record(ceremony, STEP.commitmentsGiven, parts.clock());
      const envelope = say(parts, Round.SIGNING_COMMITMENTS, aboutKey(key, ceremony), SigningCommitmentsSchema, {
        commitments: nonces.map(({ hiding, binding }) => ({ hiding, binding })),
        locked: locked.value,
      });
      given.set(ceremony, { keyset, count, transaction, envelope });
      return accept(envelope);
    },
    forget: (ceremony) => given.delete(ceremony),
  };
}

type Given = {
  readonly keyset: string;
  readonly count: number;
  /** What outputs were locked for; another anchor beside it makes no other question. */
  readonly transaction: Uint8Array | undefined;
  readonly envelope: Envelope;
};
const isSame = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  Buffer.from(one ?? []).equals(Buffer.from(other ?? []));

/** Refused by the suite as a point; an input beyond the request has none. */
const NO_PAIR: PublicNonces = { hiding: new Uint8Array(0), binding: new Uint8Array(0) };

/** What every signer committed to, per input, in the order of the request. */
export type SignerSet = {
  readonly ids: readonly ValidatorId[];
  signersOf(input: number): readonly SignerCommitment[];
  ownOf(input: number): PublicNonces;
};

/**
 * The signer set of a request: at least `need` participants of the key in ascending order, each with its own signed commitments
 * about exactly this ceremony and one pair per input, and this validator among them.
 */
export function judgeSignerSet(
  parts: { readonly genesis: NetworkGenesis; readonly self: ValidatorId },
  envelopes: readonly Envelope[],
  session: SigningSession,
): Verdict<SignerSet> {
  const set = readSignerSet(parts, envelopes, session);
  if (!set.ok || set.value.ids.includes(parts.self)) return set;
  return refuse('policy.signer-set', `validator ${parts.self} is not among the signers`);
}

/** What a signer set is about; `need`: how many of the participants must be in it; `locked`: what each must have locked its outputs for. */
export type SigningSession = {
  readonly key: Pick<PublicKeyPackage, 'keyset' | 'epoch' | 'participants'>;
  readonly ceremony: string;
  readonly inputs: number;
  readonly need: number;
  /** Id of the transaction; empty in a self-test. */
  readonly locked: string;
};

/** The same for a validator that only looks on. */
export function readSignerSet(
  { genesis, self }: { readonly genesis: NetworkGenesis; readonly self: ValidatorId },
  envelopes: readonly Envelope[],
  { key, ceremony, inputs, need, locked }: SigningSession,
): Verdict<SignerSet> {
  const about: About = aboutKey(key, ceremony);
  const opened = openRound(genesis, envelopes, Round.SIGNING_COMMITMENTS, about);
  if (!opened.ok) return opened;
  const ids = [...opened.value.keys()];
  if (ids.length < need) return refuse('policy.signer-set', `${ids.length} signers, ${need} are needed`);
  if (ids.some((id, at) => at > 0 && id <= (ids[at - 1] ?? 0))) {
    return refuse('policy.signer-set', 'signers must be in ascending order');
  }
  const stranger = ids.find((id) => !key.participants.includes(id));
  if (stranger !== undefined) return refuse('policy.signer-set', `validator ${stranger} has no share of this key`);
  const pairs = new Map<ValidatorId, readonly PublicNonces[]>();
  for (const [from, { payload }] of opened.value) {
    const statement = decode(SigningCommitmentsSchema, payload);
    const said = statement?.commitments ?? [];
    const wellFormed = said.every(
      ({ hiding, binding }) => hiding.length === POINT_BYTES && binding.length === POINT_BYTES,
    );
    if (said.length !== inputs || !wellFormed) {
      return refuse('policy.signer-set', `validator ${from} did not commit to exactly ${inputs} inputs`, {
        validator: from,
      });
    }
    if (statement?.locked !== locked) {
      return refuse('policy.signing-locks', `validator ${from} did not lock the outputs for this transaction`, {
        validator: from,
      });
    }
    pairs.set(from, said);
  }
  const pairOf = (id: ValidatorId, input: number): PublicNonces => {
    return pairs.get(id)?.[input] ?? NO_PAIR;
  };
  return accept({
    ids,
    signersOf: (input) => ids.map((validator) => ({ validator, nonces: pairOf(validator, input) })),
    ownOf: (input) => pairOf(self, input),
  });
}
