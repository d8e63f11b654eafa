import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type FailureCode, familyOf } from '../../../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../../../domain/network/network.ts';
import { openEnvelope, WIRE_VERSION } from '../../../wire/envelope.ts';
import {
  type CommitteeState,
  CommitteeStateSchema,
  LocksHeldSchema,
  type OrderState,
  OrderStateSchema,
  RequestSchema,
  ResponseSchema,
  Round,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { CustodyAgent } from '../agent.ts';
import type { AgentLogger } from '../dependencies.ts';

const ASK_MS = 5_000;

export type CatchUpPeers = {
  connected(): readonly ValidatorId[];
  ask(validator: ValidatorId, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
};

/** More than one answer is needed only by whoever missed many committees of large keys. */
const ANSWERS_MAX = 100;
/** What a build says to a question that it does not know. */
const UNKNOWN_QUESTION: FailureCode = 'input.request-malformed';
/** Asks for no epochs: the answer is only where the validator stands. */
const NO_EPOCHS = 0xffff_ffff;

/** Pages of locks of one peer: as many claims as it may make, a few at a time. */
const LOCK_PAGES_MAX = 2_000;

/**
 * A validator that was away learns before it is ready what the others obey and what they have locked: it asks each peer once per
 * connection, and takes what it is handed, since orders, grants, epochs and claims prove themselves. An order that any six validators obey
 * is known to one of any ten peers, and so is a lock that ten had written down before anybody signed, whatever four of them say (ADR 0024).
 * What a peer obeys is tried again after each epoch: it may be of any committee on the way. While another process speaks with the identity
 * of this one nothing is learned for good: it is asked for once more when that has ended, since the other one may have signed.
 */
export class CatchUp {
  private readonly genesis: NetworkGenesis;
  private readonly agent: Pick<CustodyAgent, 'handle' | 'hearLocks' | 'isDoubted'>;
  private readonly self: string;
  private readonly peers: CatchUpPeers;
  private readonly logger: AgentLogger;
  private readonly answered = new Set<ValidatorId>();
  private readonly current = new Set<ValidatorId>();
  private readonly asking = new Set<ValidatorId>();

  constructor(
    genesis: NetworkGenesis,
    self: ValidatorId,
    agent: Pick<CustodyAgent, 'handle' | 'hearLocks' | 'isDoubted'>,
    peers: CatchUpPeers,
    logger: AgentLogger,
  ) {
    this.genesis = genesis;
    this.self = genesis.validators.find((entry) => entry.id === self)?.identity ?? '';
    this.agent = agent;
    this.peers = peers;
    this.logger = logger;
  }

  /** Distinct peers whose orders, grants, committee and locks are known since this process started or was alone again. */
  count(): number {
    return this.answered.size;
  }

  /** Asks every connected peer that was not asked on this connection. Call it again and again; each peer is asked once at a time. */
  async round(signal: AbortSignal): Promise<void> {
    if (this.agent.isDoubted()) {
      this.answered.clear();
      this.current.clear();
      return;
    }
    const connected = new Set(this.peers.connected());
    for (const validator of this.current) if (!connected.has(validator)) this.current.delete(validator);
    const due = [...connected].filter((validator) => !this.current.has(validator) && !this.asking.has(validator));
    await Promise.all(due.map((validator) => this.learnFrom(validator, signal)));
  }

  /** It says that it knows more: the next round asks it once more. */
  askAgain(validator: ValidatorId): void {
    this.current.delete(validator);
  }

  private async learnFrom(validator: ValidatorId, signal: AbortSignal): Promise<void> {
    this.asking.add(validator);
    try {
      const until = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
      const obeyed = await this.orderState(validator, until);
      await this.take(obeyed);
      await this.learnEpochs(validator, obeyed, until);
      if (!this.answered.has(validator)) await this.learnLocks(validator, signal);
      if (this.agent.isDoubted()) return;
      this.answered.add(validator);
      this.current.add(validator);
    } catch (error) {
      this.logger.debug({ validator, err: error }, 'a peer did not say what it obeys');
    } finally {
      this.asking.delete(validator);
    }
  }

  private async learnEpochs(validator: ValidatorId, obeyed: OrderState, until: AbortSignal): Promise<void> {
    for (let answers = 0; answers < ANSWERS_MAX; answers += 1) {
      const own = await this.ownEpoch();
      const said = await this.committeeOf(validator, own, until);
      if (said === undefined || said.epoch <= own) return;
      for (const signed of said.signedEpochs) {
        await this.hand({ case: 'handEpochs', value: { signedEpochs: [signed] } });
        await this.take(obeyed);
      }
      // A chain that leads nowhere here is no reason to ask for the rest of it.
      if ((await this.ownEpoch()) === own) return;
    }
  }

  /** Once: what is locked from now on is locked with this validator's knowledge, or without its signature. */
  private async learnLocks(validator: ValidatorId, signal: AbortSignal): Promise<void> {
    let after = '';
    for (let pages = 0; pages < LOCK_PAGES_MAX; pages += 1) {
      const until = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
      const answer = await this.peers.ask(validator, this.request({ case: 'sayLocks', value: { after } }), until);
      const { proposals, next } = fromBinary(LocksHeldSchema, this.statementIn(answer, Round.LOCKS, validator));
      if (!this.agent.hearLocks(validator, proposals, pages === 0))
        throw new Error('it claims more locks than anybody holds');
      if (next === '') return;
      if (next <= after) throw new Error('its pages of locks go backwards');
      after = next;
    }
    throw new Error('its pages of locks do not end');
  }

  private async take({ signedOrder, signedGrant, signedGrantUse }: OrderState): Promise<void> {
    if (signedOrder.length > 0) await this.hand({ case: 'obeyOrder', value: { signedOrder } });
    if (signedGrantUse.length > 0) await this.hand({ case: 'useGrant', value: { signedGrant, signedGrantUse } });
  }

  /** What proves nothing says nothing about us; what we failed to write down is not known yet. */
  private async hand(body: RequestBody): Promise<void> {
    const answer = fromBinary(ResponseSchema, await this.agent.handle(this.request(body), this.self)).body;
    if (answer.case !== 'refusal') return;
    const family = familyOf(answer.value.code as FailureCode);
    if (family === 'unavailable' || family === 'bug') throw new Error(`not obeyed: ${answer.value.code}`);
  }

  private async orderState(validator: ValidatorId, until: AbortSignal): Promise<OrderState> {
    const answer = await this.peers.ask(validator, this.request({ case: 'sayOrderState', value: {} }), until);
    return fromBinary(OrderStateSchema, this.statementIn(answer, Round.ORDER_STATE, validator));
  }

  /** Undefined: an older build, which knows only the pinned committee. */
  private async committeeOf(
    validator: ValidatorId,
    afterEpoch: number,
    until: AbortSignal,
  ): Promise<CommitteeState | undefined> {
    const answer = await this.peers.ask(
      validator,
      this.request({ case: 'sayCommittee', value: { afterEpoch } }),
      until,
    );
    const { body } = fromBinary(ResponseSchema, answer);
    if (body.case === 'refusal' && body.value.code === UNKNOWN_QUESTION) return undefined;
    return fromBinary(CommitteeStateSchema, this.statementIn(answer, Round.COMMITTEE_STATE, validator));
  }

  private async ownEpoch(): Promise<number> {
    const request = this.request({ case: 'sayCommittee', value: { afterEpoch: NO_EPOCHS } });
    const { body } = fromBinary(ResponseSchema, await this.agent.handle(request, this.self));
    if (body.case !== 'envelope') throw new Error('the own committee is not known');
    return fromBinary(CommitteeStateSchema, body.value.payload).epoch;
  }

  /** The payload of a peer's own statement. Throws when it refused, or when the statement is not its own. */
  private statementIn(response: Uint8Array, round: Round, validator: ValidatorId): Uint8Array {
    const { body } = fromBinary(ResponseSchema, response);
    if (body.case !== 'envelope')
      throw new Error(`refused: ${body.case === 'refusal' ? body.value.code : 'empty response'}`);
    const opened = openEnvelope(this.genesis, body.value, { round });
    if (!opened.ok) throw new Error(opened.refusal.message);
    if (opened.value.from !== validator) throw new Error(`the statement is from validator ${opened.value.from}`);
    return opened.value.payload;
  }

  private request(body: RequestBody): Uint8Array {
    const { environment, name } = this.genesis;
    return toBinary(
      RequestSchema,
      create(RequestSchema, { wireVersion: WIRE_VERSION, environment, network: name, body }),
    );
  }
}

type RequestBody = NonNullable<MessageInitShape<typeof RequestSchema>['body']>;
