import { toBinary } from '@bufbuild/protobuf';
import type { BlameProof, ShareProof } from '../../../domain/ceremony/blame.ts';
import type { CeremonyId } from '../../../domain/ceremony/ceremony.ts';
import { toHex } from '../../../domain/encoding/hex.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { judgeBlame } from '../../../threshold/verify/blame.ts';
import { openBlame } from '../../../wire/blame.ts';
import { type Envelope, EnvelopeSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { TestFleet } from './agents.ts';
import { keygenParameters, senderOf } from './ceremonies.ts';
import { HostileParticipant } from './hostile-participant.ts';

export type KeygenCeremony = { readonly parameters: Uint8Array; readonly ceremony: CeremonyId };
export type KeygenRounds = {
  readonly key: KeygenCeremony;
  readonly commitments: Envelope[];
  readonly shares: Envelope[];
};

export const envelopeHex = (envelope: Envelope | undefined): string => {
  if (envelope === undefined) throw new Error('there is no such statement');
  return toHex(toBinary(EnvelopeSchema, envelope));
};
export const inRosterOrder = (envelopes: readonly Envelope[]): Envelope[] =>
  envelopes.toSorted((a, b) => senderOf(a) - senderOf(b));

/** Key generations of a fleet in which one validator is played by somebody else, each of the next epoch. */
export class HostileKeygen {
  readonly #fleet: () => TestFleet;
  readonly #hostile: ValidatorId;
  readonly #all: readonly ValidatorId[];
  epoch = 0;

  constructor(fleet: () => TestFleet, hostile: ValidatorId, all: readonly ValidatorId[]) {
    this.#fleet = fleet;
    this.#hostile = hostile;
    this.#all = all;
  }

  get honest(): ValidatorId[] {
    return this.#all.filter((id) => id !== this.#hostile);
  }

  next(): KeygenCeremony {
    this.epoch += 1;
    return keygenParameters(this.#fleet(), this.epoch);
  }

  player(key: KeygenCeremony): HostileParticipant {
    return new HostileParticipant(this.#fleet(), this.#hostile, key, this.#all);
  }

  /** Both rounds; `change` sees each plain share of the hostile one. */
  async rounds(
    change?: (share: Uint8Array, to: ValidatorId) => void,
  ): Promise<KeygenRounds & { readonly player: HostileParticipant }> {
    const key = this.next();
    const player = this.player(key);
    const commitments = inRosterOrder([...(await this.opened(key)), player.commitments()]);
    const { ceremony } = key;
    const shares = inRosterOrder([
      ...(await this.#fleet().askAll({ case: 'keygenShares', value: { ceremony, commitments } }, this.honest)),
      player.shares(commitments, change),
    ]);
    return { key, commitments, shares, player };
  }

  /** What the honest ones commit to. */
  opened({ parameters }: KeygenCeremony): Promise<Envelope[]> {
    return this.#fleet().askAll({ case: 'startKeygen', value: { parameters } }, this.honest);
  }

  finish({ key: { ceremony }, shares }: KeygenRounds, id: ValidatorId): ReturnType<TestFleet['ask']> {
    return this.#fleet().ask(id, { case: 'finishKeygen', value: { ceremony, shares } });
  }

  shareProof({ key, commitments, shares }: KeygenRounds, complaint: Envelope, dealer: ValidatorId): ShareProof {
    return {
      version: 1,
      ...this.#where(),
      kind: 'keygen-share',
      parametersHex: toHex(key.parameters),
      commitments: commitments.map(envelopeHex),
      shares: shares.map(envelopeHex),
      complaint: envelopeHex(complaint),
      dealer,
    };
  }

  commitmentsProof({ parameters }: KeygenCeremony, commitments: Envelope): BlameProof {
    return {
      version: 1,
      kind: 'keygen-commitments',
      ...this.#where(),
      parametersHex: toHex(parameters),
      commitments: envelopeHex(commitments),
    };
  }

  equivocation(first: Envelope | undefined, second: Envelope | undefined): BlameProof {
    return {
      version: 1,
      kind: 'equivocation',
      ...this.#where(),
      first: envelopeHex(first),
      second: envelopeHex(second),
    };
  }

  /** Who is convicted, or why nobody is. */
  verdict(proof: BlameProof): ValidatorId | string {
    const { genesis } = this.#fleet();
    const opened = openBlame(genesis, proof);
    if (!opened.ok) return opened.refusal.code;
    const blame = judgeBlame(opened.value, { genesis, codec: transactionCodec('regtest') });
    return blame.ok ? blame.value.culprit : blame.refusal.code;
  }

  #where() {
    const { environment, name: network } = this.#fleet().genesis;
    return { environment, network };
  }
}
