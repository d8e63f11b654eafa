import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Connection, PeerId } from '@libp2p/interface';
import type { NetworkGenesis, ValidatorId } from '../../../domain/network/network.ts';
import { WIRE_VERSION } from '../../../wire/envelope.ts';
import { type Envelope, RequestSchema, ResponseSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { askOverStream } from '../../../wire/stream/exchange.ts';
import { CUSTODY_PROTOCOL } from '../../../wire/stream/protocol.ts';
import type { CustodyAgent } from '../agent.ts';
import type { AgentLogger } from '../dependencies.ts';

const ASK_MS = 3_000;
/** Of one peer; an honest pair that dialled each other at once has two. */
const CONNECTIONS_ASKED_MAX = 4;

/** The part of a libp2p node that a roll call needs. */
export type RollCallNode = {
  getConnections(peer: PeerId): Connection[];
  hangUp(peer: PeerId, options: { signal: AbortSignal }): Promise<void>;
};

type RequestBody = NonNullable<MessageInitShape<typeof RequestSchema>['body']>;
type Present = { readonly connection: Connection; readonly instance: string; readonly statement: Envelope };

/**
 * Who is behind the connections of one identity. Two processes with one host key are one peer to libp2p, and gossipsub opens one stream
 * per peer: the process that comes second is never told who listens, and so is never heard. Each connection still leads to one process. A peer
 * with several of them is asked on each for its status, and each process that is not alone is shown what the other one signed, for only it
 * can know that it was not its own word.
 */
export class RollCall {
  private readonly genesis: NetworkGenesis;
  private readonly agent: Pick<CustodyAgent, 'hearStatus'>;
  private readonly peers: ReadonlyMap<ValidatorId, { readonly peer: PeerId }>;
  private readonly logger: AgentLogger;
  /** Connections that turned out to lead to one process. */
  private readonly settled = new Map<ValidatorId, string>();
  private readonly twins = new Set<ValidatorId>();
  private calling = false;

  constructor(
    genesis: NetworkGenesis,
    agent: Pick<CustodyAgent, 'hearStatus'>,
    peers: ReadonlyMap<ValidatorId, { readonly peer: PeerId }>,
    logger: AgentLogger,
  ) {
    this.genesis = genesis;
    this.agent = agent;
    this.peers = peers;
    this.logger = logger;
  }

  /** Asks whoever has several connections; a round that is still under way is not doubled. */
  async round(node: RollCallNode): Promise<void> {
    if (this.calling) return;
    this.calling = true;
    try {
      await Promise.all([...this.peers].map(([validator, { peer }]) => this.call(node, validator, peer)));
    } finally {
      this.calling = false;
    }
  }

  private async call(node: RollCallNode, validator: ValidatorId, peer: PeerId): Promise<void> {
    const connections = node.getConnections(peer).filter(({ status }) => status === 'open');
    if (connections.length < 2) return await this.aloneAgain(node, validator, peer);
    const name = connections.map(({ id }) => id).join();
    if (this.settled.get(validator) === name) return;
    const asked = connections.slice(-CONNECTIONS_ASKED_MAX);
    const answers = await Promise.all(
      asked.map((connection) => this.ask(connection, validator, { case: 'sayStatus', value: {} })),
    );
    const present = answers.filter((answer) => answer !== undefined);
    const instances = new Set(present.map(({ instance }) => instance));
    if (instances.size > 1) {
      this.twins.add(validator);
      this.settled.delete(validator);
      await Promise.all(present.map((one) => this.show(one, validator, present)));
    } else if (present.length === connections.length) {
      await this.aloneAgain(node, validator, peer);
      this.settled.set(validator, name);
    }
  }

  /** The answer is that process's next word: heard after the other one, it completes the proof. */
  private async show(
    { connection, instance }: Present,
    validator: ValidatorId,
    present: readonly Present[],
  ): Promise<void> {
    const statement = present.find((each) => each.instance !== instance)?.statement;
    if (statement !== undefined) await this.ask(connection, validator, { case: 'hearTwin', value: { statement } });
  }

  /**
   * Perhaps the one that stayed came second and has no stream of gossip, or the other one said goodbye to gossip in the name of both:
   * only a fresh connection mends either. A pair that dialled each other at once is alone with two connections.
   */
  private async aloneAgain(node: RollCallNode, validator: ValidatorId, peer: PeerId): Promise<void> {
    if (!this.twins.has(validator)) return;
    await node.hangUp(peer, { signal: AbortSignal.timeout(ASK_MS) });
    this.twins.delete(validator);
  }

  /** A process that does not answer is asked again in the next round. */
  private async ask(connection: Connection, validator: ValidatorId, body: RequestBody): Promise<Present | undefined> {
    try {
      const response = await askOverStream(
        (signal) => connection.newStream(CUSTODY_PROTOCOL, { signal }),
        this.request(body),
        AbortSignal.timeout(ASK_MS),
      );
      const answer = fromBinary(ResponseSchema, response).body;
      if (answer.case !== 'envelope') return undefined;
      const heard = this.agent.hearStatus(answer.value);
      if (heard?.from !== validator || heard.instance === undefined) return undefined;
      return { connection, instance: heard.instance, statement: answer.value };
    } catch (error) {
      this.logger.debug({ err: error, peer: connection.remotePeer.toString() }, 'a roll call was not answered');
      return undefined;
    }
  }

  private request(body: RequestBody): Uint8Array {
    const { environment, name } = this.genesis;
    return toBinary(
      RequestSchema,
      create(RequestSchema, { wireVersion: WIRE_VERSION, environment, network: name, body }),
    );
  }
}
