import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { CeremonyId } from '../../../domain/ceremony/ceremony.ts';
import { keygenTranscript, keygenView } from '../../../domain/ceremony/digests.ts';
import { shownShareMessage } from '../../../domain/ceremony/dispute.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import { openShareExchange, type ShareExchange } from '../../../threshold/session/share-encryption.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import type { KeygenSession } from '../../../threshold/suite.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  type KeygenCommitments,
  KeygenCommitmentsSchema,
  KeygenComplaintSchema,
  KeygenSharesSchema,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';

/** What a scenario lets a participant do wrong. */
export type KeygenDeeds = {
  /** Commits to one point too few. */
  spoilsCommitments?: boolean;
  /** Sends this validator another share than it committed to. */
  spoilsShareOf?: ValidatorId;
  /** Complains about a good share of this validator. */
  complainsAbout?: ValidatorId;
};

/** The messages of one participant in one key generation: they are real, and the key that follows is dealt (`dealKey`). */
export class KeygenPart {
  readonly #self: ValidatorId;
  readonly #parameters: Uint8Array;
  readonly #deeds: KeygenDeeds;
  readonly #session: KeygenSession;
  readonly #exchange: ShareExchange;
  #round: readonly Envelope[] = [];
  #sent: Uint8Array | undefined;

  constructor(
    self: ValidatorId,
    key: { readonly parameters: Uint8Array; readonly ceremony: CeremonyId; readonly threshold: number },
    participants: readonly ValidatorId[],
    deeds: KeygenDeeds,
  ) {
    this.#self = self;
    this.#parameters = key.parameters;
    this.#deeds = deeds;
    this.#session = signingSuite.startKeygen(self, participants, key.threshold);
    this.#exchange = openShareExchange(key.ceremony, self);
  }

  opening(): Uint8Array {
    const { commitments, proofOfKnowledge } = this.#session.round1;
    return toBinary(
      KeygenCommitmentsSchema,
      create(KeygenCommitmentsSchema, {
        commitments: this.#deeds.spoilsCommitments === true ? commitments.slice(1) : [...commitments],
        proofOfKnowledge,
        encryptionKey: this.#exchange.publicKey,
      }),
    );
  }

  /** The same bytes whenever asked. */
  shares(round: readonly Envelope[]): Uint8Array {
    if (this.#sent !== undefined) return this.#sent;
    this.#round = round;
    const said = openings(round);
    const shares = [...this.#session.receiveCommitments(said)].map(([to, share]) => {
      if (to === this.#deeds.spoilsShareOf) share.fill(1);
      return { to, ...this.#exchange.encryptFor(to, said.get(to)?.encryptionKey ?? new Uint8Array(0), share) };
    });
    const view = fromHex(keygenView(this.#parameters, headers(round)), 'view', 32);
    this.#sent = toBinary(KeygenSharesSchema, create(KeygenSharesSchema, { shares, view }));
    return this.#sent;
  }

  /** A complaint about each dealer whose share is bad, or about whoever this one wants to harm; nothing when all is well. */
  complaint(shares: readonly Envelope[]): Uint8Array | undefined {
    const said = openings(this.#round);
    const transcript = keygenTranscript(this.#parameters, headers(this.#round), headers(shares));
    const shown = shares.flatMap((each) => {
      const dealer = senderOf(each);
      const theirKey = said.get(dealer)?.encryptionKey ?? new Uint8Array(0);
      const sent = fromBinary(KeygenSharesSchema, each.payload).shares.find(({ to }) => to === this.#self);
      if (dealer === this.#self || sent === undefined) return [];
      const isBad = this.#exchange.decryptFrom(dealer, theirKey, sent).every((byte) => byte === 1);
      if (!isBad && dealer !== this.#deeds.complainsAbout) return [];
      const message = shownShareMessage(transcript, dealer, this.#self);
      return [{ dealer, ...this.#exchange.showOpening(dealer, theirKey, message) }];
    });
    if (shown.length === 0) return undefined;
    return toBinary(
      KeygenComplaintSchema,
      create(KeygenComplaintSchema, { transcriptDigest: fromHex(transcript, 'transcript', 32), shares: shown }),
    );
  }
}

const headers = (round: readonly Envelope[]): Uint8Array[] => round.map(({ header }) => header);
const senderOf = ({ header }: Envelope): ValidatorId => validatorId(fromBinary(EnvelopeHeaderSchema, header).from);
const openings = (round: readonly Envelope[]): ReadonlyMap<ValidatorId, KeygenCommitments> =>
  new Map(round.map((each) => [senderOf(each), fromBinary(KeygenCommitmentsSchema, each.payload)]));
