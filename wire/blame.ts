import { fromBinary } from '@bufbuild/protobuf';
import { isDeepStrictEqual } from 'node:util';
import type {
  BlameProof,
  CommitmentsProof,
  EquivocationProof,
  OpenedBlame,
  ShareProof,
} from '../domain/ceremony/blame.ts';
import { type CeremonyId, ceremonyId, keysetOf } from '../domain/ceremony/ceremony.ts';
import { keygenTranscript, keygenView } from '../domain/ceremony/digests.ts';
import { shownShareMessage } from '../domain/ceremony/dispute.ts';
import { type Digest, digestOf, TAGS } from '../domain/encoding/digest.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { accept, type Verdict } from '../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorId, validatorName } from '../domain/network/network.ts';
import { openPartial } from './blame-signing.ts';
import { malformedProof as malformed, statementIn as envelopeOf } from './blame-reading.ts';
import { type OpenedEnvelope, openEnvelope } from './envelope.ts';
import {
  EnvelopeHeaderSchema,
  KeygenCommitmentsSchema,
  type KeygenComplaint,
  KeygenComplaintSchema,
  KeygenParametersSchema,
  type KeygenShares,
  KeygenSharesSchema,
  Round,
} from './generated/firebreak/v1/messages_pb.js';

/** Sending key, then receiving key. */
const POINT_BYTES = 33;

/**
 * Whether every statement of a proof is signed by the validator that it names, about one and the same thing. What follows from it is
 * computed by whoever reads it (`judgeBlame`). Refusals: `input.blame-proof`, and those of envelopes.
 */
export function openBlame(genesis: NetworkGenesis, proof: BlameProof): Verdict<OpenedBlame> {
  if (proof.environment !== genesis.environment || proof.network !== genesis.name)
    return malformed(`it is about ${proof.environment}/${proof.network}`);
  switch (proof.kind) {
    case 'equivocation':
      return openEquivocation(genesis, proof);
    case 'keygen-commitments':
      return openCommitments(genesis, proof);
    case 'keygen-share':
      return openShare(genesis, proof);
    case 'signing-partial':
      return openPartial(genesis, proof);
  }
}

/**
 * What an honest validator says once. Commitments of a signing session are not among it: a validator that restarted, or that was asked
 * after many others, gives fresh nonces for the same session and burns the old ones.
 */
const SAID_ONCE: ReadonlySet<Round> = new Set([
  Round.KEYGEN_COMMITMENTS,
  Round.KEYGEN_SHARES,
  Round.KEYGEN_COMPLAINT,
  Round.KEYGEN_TRANSCRIPT,
]);

function openEquivocation(genesis: NetworkGenesis, { first, second }: EquivocationProof): Verdict<OpenedBlame> {
  const opened: OpenedEnvelope[] = [];
  for (const hex of [first, second]) {
    const envelope = envelopeOf(hex);
    if (envelope === undefined) return malformed('an envelope is not readable');
    const round = roundOf(envelope.header);
    if (round === undefined) return malformed('a header is not readable');
    const verdict = openEnvelope(genesis, envelope, { round });
    if (!verdict.ok) return verdict;
    opened.push(verdict.value);
  }
  const [one, other] = opened;
  if (one === undefined || other === undefined) return malformed('there are no two statements');
  if (!isDeepStrictEqual(aboutIn(one), aboutIn(other)))
    return malformed('the two statements are about different things');
  if (!SAID_ONCE.has(one.header.round)) return malformed('a validator may say something else in this round later');
  const digests = [digestIn(one), digestIn(other)] as const;
  if (digests[0] === digests[1]) return malformed('both statements say the same');
  const about = `${Round[one.header.round]} of ${one.header.ceremony}`;
  return accept({ kind: 'equivocation', by: one.from, about, digests });
}

/**
 * What a statement is about. Nothing else that its header may carry makes two of them out of one: neither a recipient, whom nobody looks at,
 * nor fields that this build does not know.
 */
const aboutIn = ({ header }: OpenedEnvelope) => {
  const { wireVersion, suite, environment, network, keyset, epoch, ceremony, round, from } = header;
  return { wireVersion, suite, environment, network, keyset, epoch, ceremony, round, from };
};

const digestIn = ({ header }: OpenedEnvelope): Digest => toHex(header.payloadDigest) as Digest;

function roundOf(header: Uint8Array): Round | undefined {
  try {
    return fromBinary(EnvelopeHeaderSchema, header).round;
  } catch {
    return undefined;
  }
}

type Ceremony = {
  readonly ceremony: CeremonyId;
  readonly threshold: number;
  readonly participants: readonly ValidatorId[];
  readonly parameters: Uint8Array;
  readonly open: (hex: string, round: Round) => Verdict<OpenedEnvelope>;
};

function ceremonyOf(genesis: NetworkGenesis, parametersHex: string): Ceremony | undefined {
  try {
    const parameters = fromHex(parametersHex, 'parameters');
    const { epoch, threshold, participants, environment, network } = fromBinary(KeygenParametersSchema, parameters);
    if (environment !== genesis.environment || network !== genesis.name || threshold !== genesis.threshold)
      return undefined;
    const ceremony = ceremonyId('keygen', digestOf(TAGS.keygenParameters, parameters));
    return {
      ceremony,
      threshold,
      parameters,
      participants: participants.map(validatorId),
      open(hex, round) {
        const envelope = envelopeOf(hex);
        if (envelope === undefined) return malformed('an envelope is not readable');
        return openEnvelope(genesis, envelope, { round, ceremony, keyset: keysetOf(ceremony), epoch });
      },
    };
  } catch {
    return undefined;
  }
}

function openCommitments(genesis: NetworkGenesis, proof: CommitmentsProof): Verdict<OpenedBlame> {
  const about = ceremonyOf(genesis, proof.parametersHex);
  if (about === undefined) return malformed('its parameters are not those of a key generation of this network');
  const opened = about.open(proof.commitments, Round.KEYGEN_COMMITMENTS);
  if (!opened.ok) return opened;
  const { from, payload } = opened.value;
  const { ceremony, threshold } = about;
  return accept({ kind: 'keygen-commitments', by: from, ceremony, threshold, ...commitmentsIn(payload) });
}

/** Bytes that cannot be read are no commitments at all, and their author signed them. */
function commitmentsIn(payload: Uint8Array): {
  readonly commitments: readonly Uint8Array[];
  readonly proofOfKnowledge: Uint8Array;
  readonly encryptionKey: Uint8Array;
} {
  try {
    return fromBinary(KeygenCommitmentsSchema, payload);
  } catch {
    return { commitments: [], proofOfKnowledge: new Uint8Array(0), encryptionKey: new Uint8Array(0) };
  }
}

function openShare(genesis: NetworkGenesis, proof: ShareProof): Verdict<OpenedBlame> {
  const about = ceremonyOf(genesis, proof.parametersHex);
  if (about === undefined) return malformed('its parameters are not those of a key generation of this network');
  const commitments = openRound(about, proof.commitments, Round.KEYGEN_COMMITMENTS);
  if (!commitments.ok) return commitments;
  const shares = openRound(about, proof.shares, Round.KEYGEN_SHARES);
  if (!shares.ok) return shares;
  const complaining = about.open(proof.complaint, Round.KEYGEN_COMPLAINT);
  if (!complaining.ok) return complaining;
  const complainer = complaining.value.from;
  const complaint = complaintIn(complaining.value.payload);
  const transcript = keygenTranscript(about.parameters, headersOf(commitments.value), headersOf(shares.value));
  if (toHex(complaint.transcriptDigest) !== transcript)
    return malformed(`${validatorName(complainer)} complained about other rounds than these`);
  const shown = complaint.shares.find((each) => each.dealer === proof.dealer);
  const dealer = validatorId(proof.dealer);
  const dealt = commitments.value.get(dealer);
  const own = commitments.value.get(complainer);
  const sent = shares.value.get(dealer);
  if (shown === undefined || dealt === undefined || own === undefined || sent === undefined || dealer === complainer)
    return malformed(`no share of ${validatorName(dealer)} is shown by ${validatorName(complainer)}`);
  const dealing = commitmentsIn(dealt.payload);
  const sharing = sharesIn(sent.payload);
  // Otherwise a recipient with two receiving keys could show a box that was closed for the other one.
  if (toHex(sharing.view) !== keygenView(about.parameters, headersOf(commitments.value)))
    return malformed(`${validatorName(dealer)} made its shares for another round than this`);
  return accept({
    kind: 'keygen-share',
    ceremony: about.ceremony,
    disputed: {
      box: {
        ceremony: about.ceremony,
        from: dealer,
        to: complainer,
        sendingKey: dealing.encryptionKey.subarray(0, POINT_BYTES),
        receivingKey: commitmentsIn(own.payload).encryptionKey.subarray(POINT_BYTES),
      },
      encrypted: sharing.shares.find(({ to }) => to === complainer) ?? NO_SHARE,
      commitments: dealing.commitments,
      opening: { sharedPoint: shown.sharedPoint, proof: shown.proof },
      message: shownShareMessage(transcript, dealer, complainer),
    },
  });
}

/** A dealer that sent nothing for somebody sent a box that does not open. */
const NO_SHARE = { nonce: new Uint8Array(0), ciphertext: new Uint8Array(0) };

function complaintIn(payload: Uint8Array): Pick<KeygenComplaint, 'transcriptDigest' | 'shares'> {
  try {
    return fromBinary(KeygenComplaintSchema, payload);
  } catch {
    return { transcriptDigest: new Uint8Array(0), shares: [] };
  }
}

function sharesIn(payload: Uint8Array): Pick<KeygenShares, 'shares' | 'view'> {
  try {
    return fromBinary(KeygenSharesSchema, payload);
  } catch {
    return { shares: [], view: new Uint8Array(0) };
  }
}

/** One statement of every participant, and of nobody else. */
function openRound(
  about: Ceremony,
  envelopes: readonly string[],
  round: Round,
): Verdict<ReadonlyMap<ValidatorId, OpenedEnvelope>> {
  const opened = new Map<ValidatorId, OpenedEnvelope>();
  if (envelopes.length !== about.participants.length) return malformed('a round is not complete');
  for (const hex of envelopes) {
    const verdict = about.open(hex, round);
    if (!verdict.ok) return verdict;
    opened.set(verdict.value.from, verdict.value);
  }
  return about.participants.every((id) => opened.has(id)) ? accept(opened) : malformed('a round is not complete');
}

const headersOf = (round: ReadonlyMap<ValidatorId, OpenedEnvelope>): Uint8Array[] =>
  [...round].sort(([a], [b]) => a - b).map(([, { envelope }]) => envelope.header);
