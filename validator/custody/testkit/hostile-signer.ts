import { randomBytes, type KeyObject } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { schnorr } from '@noble/curves/secp256k1.js';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import { sealEnvelope } from '../../../wire/envelope.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  type NonceCommitment,
  NonceCommitmentSchema,
  PartialSignaturesSchema,
  RequestSchema,
  ResponseSchema,
  SigningCommitmentsSchema,
  SigningRequestSchema,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';

export type Handler = (request: Uint8Array) => Promise<Uint8Array>;

/**
 * What a hostile signer can do with its part of a session.
 * `other-message`: the partial signature of another session, signed anew for this one. `other-commitments`: it committed to one pair of
 * nonces and signs with another. `fewer`: one share too few. `other-request`: a signed answer about a request that nobody made.
 * `padded`: what holds, and beside it as much as a message can carry.
 */
export const DEEDS = [
  'silent',
  'slow',
  'wrong',
  'other-message',
  'other-commitments',
  'fewer',
  'other-request',
  'no',
  'no-for-good',
  'padded',
  'garbage',
] as const;
export type Deed = (typeof DEEDS)[number];

/** Deeds that leave a signed statement which convicts whoever made it. */
export const PROVABLE: ReadonlySet<Deed> = new Set(['wrong', 'other-message', 'other-commitments', 'fewer']);

/** What a hostile signer can do instead of committing. */
export const COMMITMENT_DEEDS = ['honest', 'silent', 'no-points', 'too-many', 'unlocked', 'padded', 'garbage'] as const;
export type CommitmentDeed = (typeof COMMITMENT_DEEDS)[number];

/** How those who act together choose, knowing everything that any of them was asked. */
export type Strategy = {
  /** Who spoils a session, of the hostile ones in it; `spent` did so before. */
  readonly spoilers: (
    inIt: readonly ValidatorId[],
    spent: ReadonlySet<ValidatorId>,
    draw: () => number,
  ) => readonly ValidatorId[];
  readonly deeds: readonly Deed[];
  readonly commitmentDeeds: readonly CommitmentDeed[];
};

/** mulberry32: small, and the same everywhere. */
export function drawsOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Validators that hold their real shares and host identities and act together: honest programs whose answers are changed, and signed anew,
 * before they leave. Everything they do follows from the seed and from what they are asked.
 */
export class HostileSigners {
  readonly hostile: ReadonlySet<ValidatorId>;
  /** Done so far: in which ceremony, by whom, what. */
  readonly done: { readonly ceremony: string; readonly validator: ValidatorId; readonly deed: Deed }[] = [];
  readonly #genesis: NetworkGenesis;
  readonly #identities: ReadonlyMap<ValidatorId, KeyObject>;
  readonly #strategy: Strategy;
  readonly #draw: () => number;
  readonly #plans = new Map<string, ReadonlyMap<ValidatorId, Deed>>();
  readonly #partials = new Map<ValidatorId, readonly Uint8Array[]>();

  constructor(
    genesis: NetworkGenesis,
    identities: ReadonlyMap<ValidatorId, KeyObject>,
    count: number,
    strategy: Strategy,
    seed: number,
  ) {
    this.#genesis = genesis;
    this.#identities = identities;
    this.#strategy = strategy;
    this.#draw = drawsOf(seed);
    this.hostile = new Set(this.#shuffled([...identities.keys()]).slice(0, count));
  }

  /** Whoever is hostile answers like this in the place of `honest`. */
  handlerOf(id: ValidatorId, honest: Handler): Handler {
    if (!this.hostile.has(id)) return honest;
    return async (bytes) => {
      const { body } = fromBinary(RequestSchema, bytes);
      if (body.case === 'giveCommitments' && body.value.ceremony.startsWith('signing-'))
        return this.#commit(id, honest, bytes, body.value.count);
      if (body.case === 'givePartials') return this.#sign(id, honest, bytes, body.value.request);
      return honest(bytes);
    };
  }

  async #commit(id: ValidatorId, honest: Handler, bytes: Uint8Array, count: number): Promise<Uint8Array> {
    const deed = this.#pick(this.#strategy.commitmentDeeds);
    if (deed === 'silent') return silence();
    if (deed === 'garbage') return Uint8Array.from(randomBytes(40));
    const answer = await honest(bytes);
    if (deed === 'honest') return answer;
    return this.#changed(id, answer, (payload) => {
      const said = fromBinary(SigningCommitmentsSchema, payload);
      if (deed === 'no-points') for (const pair of said.commitments) pair.hiding = Uint8Array.of(2, ...NO_POINT);
      if (deed === 'too-many') said.commitments = [...said.commitments, ...nothings(count)];
      const changed = toBinary(SigningCommitmentsSchema, said);
      if (deed === 'unlocked') return Uint8Array.of(...changed, ...OTHER_TRANSACTION);
      // An unknown field that every reader skips: nothing but weight, which each signer would have to be sent.
      return deed === 'padded' ? Buffer.concat([changed, padding(200_000)]) : changed;
    });
  }

  async #sign(id: ValidatorId, honest: Handler, bytes: Uint8Array, request: Uint8Array): Promise<Uint8Array> {
    const { ceremony, commitments, inputs } = fromBinary(SigningRequestSchema, request);
    const deed = this.#planOf(ceremony, commitments).get(id);
    if (deed !== undefined && !this.done.some((each) => each.ceremony === ceremony && each.validator === id))
      this.done.push({ ceremony, validator: id, deed });
    if (deed === 'silent') return silence();
    if (deed === 'garbage') return Uint8Array.from(randomBytes(60));
    if (deed === 'no') return refusal('conflict.nonce-unknown', 'as if it had restarted');
    if (deed === 'no-for-good') return refusal('policy.fee-rate', 'it does not like the fee');
    if (deed === 'slow') {
      await new Promise((resolve) => setTimeout(resolve, 300 + this.#draw() * 1_500));
      return honest(bytes);
    }
    const answer = await honest(bytes);
    const before = this.#partials.get(id);
    return this.#changed(id, answer, (payload) => {
      const said = fromBinary(PartialSignaturesSchema, payload);
      if (deed === undefined) this.#partials.set(id, said.shares);
      if (deed === 'other-request') said.requestDigest = Uint8Array.from(randomBytes(32));
      if (deed === 'fewer') said.shares = said.shares.slice(1);
      if (deed === 'other-message')
        said.shares = inputs.map((_, at) => before?.[at] ?? schnorr.utils.randomSecretKey());
      if (deed === 'other-commitments') said.shares = inputs.map(() => schnorr.utils.randomSecretKey());
      // One input of several is enough.
      if (deed === 'wrong') said.shares = withOneWrong(said.shares, Math.floor(this.#draw() * inputs.length));
      const changed = toBinary(PartialSignaturesSchema, said);
      return deed === 'padded' ? Buffer.concat([changed, padding(1_000_000)]) : changed;
    });
  }

  /** Made at the first question about a session, by all of them together. */
  #planOf(ceremony: string, commitments: readonly Envelope[]): ReadonlyMap<ValidatorId, Deed> {
    const known = this.#plans.get(ceremony);
    if (known !== undefined) return known;
    const signers = commitments.map(({ header }) => validatorId(fromBinary(EnvelopeHeaderSchema, header).from));
    const inIt = signers.filter((id) => this.hostile.has(id));
    const spent = new Set([...this.#plans.values()].flatMap((plan) => [...plan.keys()]));
    const spoilers = this.#strategy.spoilers(inIt, spent, this.#draw);
    const plan = new Map(spoilers.map((id) => [id, this.#pick(this.#strategy.deeds)] as const));
    this.#plans.set(ceremony, plan);
    return plan;
  }

  #pick<T>(of: readonly T[]): T {
    const one = of[Math.floor(this.#draw() * of.length)];
    if (one === undefined) throw new Error('a strategy has nothing to choose from');
    return one;
  }

  #shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => [this.#draw(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  }

  /** The same statement with another payload, signed by the same validator. A refusal of the honest program stays one. */
  #changed(id: ValidatorId, answer: Uint8Array, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
    const { body } = fromBinary(ResponseSchema, answer);
    if (body.case !== 'envelope') return answer;
    const identity = this.#identities.get(id);
    if (identity === undefined) throw new Error(`validator ${id} has no identity in this test`);
    const { suite, keyset, epoch, ceremony, round } = fromBinary(EnvelopeHeaderSchema, body.value.header);
    const about = { suite, keyset, epoch, ceremony, round };
    const value = sealEnvelope(this.#genesis, id, identity, about, change(body.value.payload));
    return toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'envelope', value } }));
  }
}

/** x = 5 is on no point of secp256k1. */
const NO_POINT: Uint8Array = Uint8Array.of(...new Uint8Array(31), 5);

/** Field 2, which says what the outputs are locked for: of several the last one counts. */
const OTHER_TRANSACTION: Uint8Array = Uint8Array.of(0x12, 64, ...Buffer.from('ab'.repeat(32)));

const nothings = (count: number): NonceCommitment[] =>
  Array.from({ length: count }, () =>
    create(NonceCommitmentSchema, { hiding: new Uint8Array(33), binding: new Uint8Array(33) }),
  );

/** Field 15 of wire type 2 with so many bytes. */
function padding(bytes: number): Uint8Array {
  const length = [(bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14];
  return Buffer.concat([Uint8Array.of(0x7a, ...length), new Uint8Array(bytes)]);
}

const withOneWrong = (shares: readonly Uint8Array[], at: number): Uint8Array[] =>
  shares.map((share, input) => (input === at ? schnorr.utils.randomSecretKey() : share));

const silence = (): Promise<never> => new Promise(() => undefined);

const refusal = (code: string, message: string): Uint8Array =>
  toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'refusal', value: { code, message } } }));
