import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type CeremonyId, keysetOf } from '../../../domain/ceremony/ceremony.ts';
import { keygenView } from '../../../domain/ceremony/digests.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import { openShareExchange, type ShareExchange } from '../../../threshold/session/share-encryption.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import type { KeygenSession } from '../../../threshold/suite.ts';
import { SUITE } from '../../../threshold/verify/signing-transcript.ts';
import { sealEnvelope } from '../../../wire/envelope.ts';
import {
  type Envelope,
  KeygenCommitmentsSchema,
  KeygenComplaintSchema,
  KeygenParametersSchema,
  KeygenSharesSchema,
  Round,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { TestFleet } from './agents.ts';
import { senderOf } from './ceremonies.ts';

type Commitments = MessageInitShape<typeof KeygenCommitmentsSchema>;

/** A validator that holds its real host identity and says whatever it likes in a key generation. */
export class HostileParticipant {
  readonly exchange: ShareExchange;
  readonly #fleet: TestFleet;
  readonly #self: ValidatorId;
  readonly #ceremony: CeremonyId;
  readonly #parameters: Uint8Array;
  readonly #epoch: number;
  readonly #session: KeygenSession;

  constructor(
    fleet: TestFleet,
    self: ValidatorId,
    key: { readonly parameters: Uint8Array; readonly ceremony: CeremonyId },
    participants: readonly ValidatorId[],
  ) {
    this.#fleet = fleet;
    this.#self = self;
    this.#ceremony = key.ceremony;
    this.#parameters = key.parameters;
    this.#epoch = fromBinary(KeygenParametersSchema, key.parameters).epoch;
    this.#session = signingSuite.startKeygen(self, participants, fleet.genesis.threshold);
    this.exchange = openShareExchange(key.ceremony, self);
  }

  commitments(changes: Commitments = {}): Envelope {
    const { commitments, proofOfKnowledge } = this.#session.round1;
    const honest = { commitments: [...commitments], proofOfKnowledge, encryptionKey: this.exchange.publicKey };
    return this.#say(
      Round.KEYGEN_COMMITMENTS,
      toBinary(KeygenCommitmentsSchema, create(KeygenCommitmentsSchema, { ...honest, ...changes })),
    );
  }

  /** `change` sees the plain share for each recipient before it is encrypted. */
  shares(round: readonly Envelope[], change: (share: Uint8Array, to: ValidatorId) => void = () => undefined): Envelope {
    const said = new Map(
      round.map((envelope) => [senderOf(envelope), fromBinary(KeygenCommitmentsSchema, envelope.payload)]),
    );
    const plain = this.#session.receiveCommitments(said);
    const shares = [...plain].map(([to, share]) => {
      change(share, to);
      const { nonce, ciphertext } = this.exchange.encryptFor(
        to,
        said.get(to)?.encryptionKey ?? new Uint8Array(0),
        share,
      );
      return { to, nonce, ciphertext };
    });
    const headers = round.map(({ header }) => header);
    const view = fromHex(keygenView(this.#parameters, headers), 'view', 32);
    return this.#say(Round.KEYGEN_SHARES, toBinary(KeygenSharesSchema, create(KeygenSharesSchema, { shares, view })));
  }

  get points(): readonly Uint8Array[] {
    return this.#session.round1.commitments;
  }

  complaint(said: MessageInitShape<typeof KeygenComplaintSchema>): Envelope {
    return this.#say(Round.KEYGEN_COMPLAINT, toBinary(KeygenComplaintSchema, create(KeygenComplaintSchema, said)));
  }

  #say(round: Round, payload: Uint8Array): Envelope {
    const host = this.#fleet.network.hosts[this.#self - 1];
    if (host === undefined) throw new Error(`there is no validator ${this.#self} in this test`);
    const ceremony = this.#ceremony;
    return sealEnvelope(
      this.#fleet.network.genesis,
      this.#self,
      host.key,
      { suite: SUITE, keyset: keysetOf(ceremony), epoch: this.#epoch, ceremony, round },
      payload,
    );
  }
}
