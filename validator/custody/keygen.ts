import { sign } from 'node:crypto';
import { type CeremonyId, type KeyOrigin, keysetOf, type PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { certificateDigest, chaincodeOf, keygenTranscript, keygenView } from '../../domain/ceremony/digests.ts';
import { canonicalBytes, type Digest } from '../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { accept, refuse } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { checkPackage } from '../../threshold/verify/key-package.ts';
import { SUITE } from '../../threshold/verify/signing-transcript.ts';
import type { OpenedEnvelope } from '../../wire/envelope.ts';
import {
  type Envelope,
  KeygenCommitmentsSchema,
  KeygenComplaintSchema,
  KeygenSharesSchema,
  KeygenTranscriptSchema,
  Round,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { headersOf, readOpenings, readShares, sameRound, sameStatement } from './keygen-messages.ts';
import { judgeKeygenParameters, type Proposal } from './keygen-parameters.ts';
import { judgeKeygenVotes } from './keygen-votes.ts';
import type { KeysetRow } from './journal/journal.ts';
import { noShare } from './keyring.ts';
import { BoundedMap } from './memory.ts';
import type { AgentParts, Answer } from './parts.ts';
import { openFullRound } from './round.ts';
import type { DisputedShares, SealedKey } from './signer/operations.ts';
import { type About, aboutKey, say } from './statements.ts';
import { STEP } from './step-names.ts';

/** As many as the signer keeps; an older one has lost its secrets anyway. */
const RUNNING_MAX = 4;

/**
 * Epochs that one key generation may skip: attempts that failed used them up. Without an end to it, one key at the highest
 * possible epoch would be the last one.
 */
const EPOCH_STEP_MAX = 1_000;

/** What one key generation has said so far; gone with the process, and then the ceremony is over. */
type Running = {
  readonly parameters: Uint8Array;
  readonly proposal: Proposal;
  readonly about: About;
  readonly opening: Envelope;
  second?: { readonly commitments: ReadonlyMap<ValidatorId, OpenedEnvelope>; readonly shares: Envelope };
  /** Shares of it were bad and were shown: it is over, and the same complaint is given again. */
  complaint?: Envelope;
  /** Complete, and not in the journal yet: its disk was full. */
  made?: { readonly key: PublicKeyPackage; readonly sealedShare: Uint8Array };
};

export type Keygen = {
  /** `proof`: RFC 8785 bytes of the votes, when the parameters have an origin; empty otherwise. */
  begin(parameters: Uint8Array, proof: Uint8Array): Promise<Answer>;
  shares(ceremony: string, commitments: readonly Envelope[]): Promise<Answer>;
  finish(ceremony: string, shares: readonly Envelope[]): Promise<Answer>;
};

/** Key generation up to the sealed share. A round that is asked for again gives the same bytes; other messages are a conflict. */
export function createKeygen(parts: AgentParts): Keygen {
  const { genesis, self, journal, signer, clock, keyring } = parts;
  const running = new BoundedMap<string, Running>(RUNNING_MAX);
  const record = (ceremony: string, step: string, detail?: string): void =>
    journal.steps.record(ceremony, step, clock(), detail);

  /** A signer that refused has forgotten the ceremony: so does this. */
  async function orForget<T>(ceremony: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      running.delete(ceremony);
      await signer.eraseKeygen(ceremony as CeremonyId).catch(() => undefined);
      throw error;
    }
  }

  async function begin(parameters: Uint8Array, proof: Uint8Array): Promise<Answer> {
    const proposal = judgeKeygenParameters(parameters, genesis);
    if (!proposal.ok) return proposal;
    const { ceremony, epoch, participants, origin } = proposal.value;
    if (!participants.includes(self)) {
      return refuse('policy.key-participants', `validator ${self} takes no part in key generation ${ceremony}`);
    }
    const asked = judgeKeygenVotes(proposal.value, proof, parts);
    if (!asked.ok) return asked;
    const known = running.get(ceremony);
    if (known !== undefined) return accept(known.opening);
    // Steps say it too, as long as they are kept: builds before this one remembered nothing else.
    if (journal.keysets.hasBegun(ceremony) || journal.steps.of(ceremony).length > 0) return lost(ceremony);
    const later = keyring
      .list()
      .find((row) => row.state !== 'proposed' && row.epoch >= epoch && !isLeftBehind(row, epoch, origin));
    if (later !== undefined) {
      return refuse(
        'conflict.keygen-epoch',
        `keyset ${later.keyset} of epoch ${later.epoch} is ${later.state} already`,
      );
    }
    const highest = keyring.list().reduce((most, row) => Math.max(most, row.state === 'proposed' ? 0 : row.epoch), 0);
    if (epoch > highest + EPOCH_STEP_MAX) {
      return refuse(
        'policy.keygen-epoch',
        `epoch ${epoch} is more than ${EPOCH_STEP_MAX} above ${highest}, the highest that has a key here`,
        { epoch, highest },
      );
    }
    const { threshold } = genesis;
    // Written down first: after a crash this ceremony must never get a second opening from us.
    journal.atOnce(() => {
      journal.keysets.begin(ceremony, epoch, clock());
      record(ceremony, STEP.keygenBegun, `epoch ${epoch}`);
    });
    const opening = await signer.startKeygen({ ceremony, epoch, participants, threshold });
    const about = aboutKey({ keyset: keysetOf(ceremony), epoch }, ceremony);
    const envelope = say(parts, Round.KEYGEN_COMMITMENTS, about, KeygenCommitmentsSchema, {
      commitments: [...opening.commitments],
      proofOfKnowledge: opening.proofOfKnowledge,
      encryptionKey: opening.encryptionKey,
    });
    running.set(ceremony, { parameters, proposal: proposal.value, about, opening: envelope });
    return accept(envelope);
  }

  async function shares(ceremony: string, envelopes: readonly Envelope[]): Promise<Answer> {
    const state = running.get(ceremony);
    if (state === undefined) return lost(ceremony);
    const commitments = openFullRound(
      genesis,
      state.proposal.participants,
      envelopes,
      Round.KEYGEN_COMMITMENTS,
      state.about,
    );
    if (!commitments.ok) return commitments;
    if (!sameStatement(commitments.value.get(self)?.envelope, state.opening)) return notOurs(self, 'commitments');
    if (state.second !== undefined) {
      return sameRound(commitments.value, state.second.commitments)
        ? accept(state.second.shares)
        : refuse('conflict.keygen-round', `key generation ${ceremony} was shown other commitments before`);
    }
    const openings = readOpenings(commitments.value);
    if (!openings.ok) return openings;
    const encrypted = await orForget(ceremony, signer.keygenShares(ceremony as CeremonyId, openings.value));
    const envelope = say(parts, Round.KEYGEN_SHARES, state.about, KeygenSharesSchema, {
      shares: [...encrypted].map(([to, share]) => ({ to, nonce: share.nonce, ciphertext: share.ciphertext })),
      view: fromHex(viewOf(state, commitments.value), 'view', 32),
    });
    record(ceremony, STEP.keygenShares);
    state.second = { commitments: commitments.value, shares: envelope };
    return accept(envelope);
  }

  async function finish(ceremony: string, envelopes: readonly Envelope[]): Promise<Answer> {
    const held = keyring.get(ceremony.replace(/^keygen-/, ''));
    // Who holds nothing but a certificate of others signs no transcript of a ceremony that it took no part in.
    if (held !== undefined) return held.sealedShare === undefined ? noShare(held) : accept(transcriptOf(held.package));
    const state = running.get(ceremony);
    if (state?.second === undefined) return lost(ceremony);
    if (state.complaint !== undefined) return accept(state.complaint);
    if (state.made === undefined) {
      const { participants } = state.proposal;
      const opened = openFullRound(genesis, participants, envelopes, Round.KEYGEN_SHARES, state.about);
      if (!opened.ok) return opened;
      if (!sameStatement(opened.value.get(self)?.envelope, state.second.shares)) return notOurs(self, 'shares');
      const mine = readShares(opened.value, self, participants, viewOf(state, state.second.commitments));
      if (!mine.ok) return mine;
      const { commitments } = state.second;
      const transcript = keygenTranscript(state.parameters, headersOf(commitments), headersOf(opened.value));
      const made = await orForget(ceremony, signer.finishKeygen(ceremony as CeremonyId, mine.value, transcript));
      if ('disputed' in made) return accept(complain(state, transcript, made));
      state.made = { key: packageOf(state.proposal, made, transcript), sealedShare: made.sealedShare };
    }
    const { key, sealedShare } = state.made;
    const sound = checkPackage(key);
    if (!sound.ok) return sound;
    // The point of no return: on disk before a word about success leaves.
    journal.keysets.seal({ keyset: key.keyset, epoch: key.epoch, package: key, sealedShare, sealedAtMs: clock() });
    record(ceremony, STEP.keygenSealed);
    running.delete(ceremony);
    return accept(transcriptOf(key));
  }

  /** The signer has forgotten this ceremony: what is said here is the last that comes from us about it. */
  function complain(state: Running, transcript: Digest, { disputed }: DisputedShares): Envelope {
    const { ceremony } = state.proposal;
    record(ceremony, STEP.keygenComplained, `dealers ${disputed.map(({ dealer }) => dealer).join(' ')}`);
    state.complaint = say(parts, Round.KEYGEN_COMPLAINT, state.about, KeygenComplaintSchema, {
      transcriptDigest: fromHex(transcript, 'transcript', 32),
      shares: disputed.map(({ dealer, sharedPoint, proof }) => ({ dealer, sharedPoint, proof })),
    });
    return state.complaint;
  }

  function packageOf(proposal: Proposal, made: SealedKey, transcript: Digest): PublicKeyPackage {
    const { ceremony, epoch, participants, origin } = proposal;
    return {
      suite: SUITE,
      keyset: keysetOf(ceremony),
      epoch,
      threshold: genesis.threshold,
      participants,
      groupKey: toHex(made.groupKey),
      verifyingShares: made.verifyingShares.map(toHex),
      transcript,
      chaincode: chaincodeOf(transcript),
      ...(origin === undefined ? {} : { origin }),
    };
  }

  /** The same bytes whenever asked: what was sealed decides, not the memory of the process. */
  function transcriptOf(key: PublicKeyPackage): Envelope {
    return say(parts, Round.KEYGEN_TRANSCRIPT, aboutKey(key, `keygen-${key.keyset}`), KeygenTranscriptSchema, {
      transcriptDigest: fromHex(key.transcript, 'transcript', 32),
      publicPackage: canonicalBytes(key),
      certificateSignature: sign(null, fromHex(certificateDigest(key), 'certificate', 32), parts.identity),
    });
  }

  return { begin, shares, finish };
}

/**
 * A key of the same step of the same run that was certified and never proven: one of its participants went away, and the votes let the
 * others make another one. It gives no addresses, so nothing can lie under it.
 */
const isLeftBehind = (row: KeysetRow, epoch: number, origin: KeyOrigin | undefined): boolean =>
  row.state === 'certified' &&
  row.epoch === epoch &&
  origin !== undefined &&
  row.package.origin?.run === origin.run &&
  row.package.origin.step === origin.step;

const viewOf = ({ parameters }: Running, commitments: ReadonlyMap<ValidatorId, OpenedEnvelope>): Digest =>
  keygenView(parameters, headersOf(commitments));

const lost = (ceremony: string) =>
  refuse('conflict.keygen-lost', `key generation ${ceremony.slice(0, 64)} is over here; start a new one`);

const notOurs = (self: ValidatorId, what: string) =>
  refuse('policy.round-statements', `the ${what} of validator ${self} are not the ones it made`, { validator: self });
