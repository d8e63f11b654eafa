import type { KeyObject } from 'node:crypto';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../../../domain/network/network.ts';
import { askOverStream, EXCHANGE_LIMITS, type ExchangeLimits } from '../../../wire/stream/exchange.ts';
import { identityHex, peerIdOf } from '../../../wire/stream/host-identity.ts';
import {
  type Backoff,
  type KeptPeer,
  type Keeper,
  keepConnected,
  RECONNECT,
} from '../../../wire/stream/keep-connected.ts';
import { announcementsTopic, CUSTODY_PROTOCOL } from '../../../wire/stream/protocol.ts';
import { addressesOf, furtherAddressesOf } from '../../../wire/stream/roster-addresses.ts';
import type { CustodyAgent } from '../agent.ts';
import type { AgentLogger } from '../dependencies.ts';
import { AllowList } from './allow-list.ts';
import { Announcements } from './announcements.ts';
import { CatchUp } from './catch-up.ts';
import { TransportCount, type TransportCounters } from './counters.ts';
import { DeafPeers } from './deaf-peers.ts';
import { Latency } from './latency.ts';
import { createCustodyNode, type CustodyNode, type HostMonitor, speaksTo } from './node.ts';
import { RateLimit, REQUEST_RATE, type RequestRate } from './rate-limit.ts';
import { serveRequest } from './requests.ts';
import { RollCall } from './roll-call.ts';

export type CustodyHostOptions = {
  readonly genesis: NetworkGenesis;
  readonly self: ValidatorId;
  readonly identity: KeyObject;
  /** libp2p multiaddr to listen on, e.g. `/ip4/0.0.0.0/tcp/9001`. */
  readonly listen: string;
  readonly agent: Pick<
    CustodyAgent,
    'handle' | 'hear' | 'hearStatus' | 'hearLocks' | 'isDoubted' | 'announce' | 'onNews' | 'onBehind'
  >;
  readonly logger: AgentLogger;
  /** Further multiaddrs of roster members, each ending in `/p2p/<peer>`. */
  readonly extraAddresses?: readonly string[];
  readonly announceMs?: number;
  readonly latencyMs?: number;
  readonly rollCallMs?: number;
  readonly limits?: ExchangeLimits;
  readonly rate?: RequestRate;
  /** Of one author. */
  readonly announcementRate?: RequestRate;
  readonly backoff?: Backoff;
  readonly monitor?: HostMonitor;
  /** How long a peer may be connected without hearing gossip. */
  readonly deafMs?: number;
  /** How long a higher id leaves the dialling to a lower one. */
  readonly patienceMs?: number;
};

const ANNOUNCE_MS = 5_000;
const LATENCY_MS = 60_000;
const ROLL_CALL_MS = 2_000;
const HANG_UP_MS = 5_000;
const PATIENCE_MS = 10_000;
/** Streams of one peer that may be open at once; libp2p resets the surplus. */
const STREAMS_PER_PEER = 16;

/** The validator on the network: it serves requests, keeps a full mesh with its peers, announces and hears. */
export class CustodyHost {
  private readonly options: CustodyHostOptions;
  private readonly allowList: AllowList;
  private readonly count = new TransportCount();
  private readonly latency = new Latency();
  private readonly peers: ReadonlyMap<ValidatorId, KeptPeer>;
  private readonly catchUp: CatchUp;
  private readonly rollCall: RollCall;
  private readonly deafPeers: DeafPeers;
  private node: CustodyNode | undefined;
  private keeper: Keeper | undefined;
  private announcements: Announcements | undefined;
  private timers: NodeJS.Timeout[] = [];

  constructor(options: CustodyHostOptions) {
    this.options = options;
    this.allowList = new AllowList(options.genesis);
    this.peers = meshOf(options);
    this.catchUp = new CatchUp(options.genesis, options.self, options.agent, this, options.logger);
    this.rollCall = new RollCall(options.genesis, options.agent, this.peers, options.logger);
    this.deafPeers = new DeafPeers(Date.now, options.deafMs);
  }

  /** Listens and begins to dial. Throws `unavailable.listen-address` when the address cannot be had. */
  async start(): Promise<void> {
    const { genesis, identity, listen, agent, logger } = this.options;
    const node = await createCustodyNode({
      genesis,
      identity,
      listen,
      allowList: this.allowList,
      count: this.count,
      dialMs: (this.options.backoff ?? RECONNECT).dialMs,
      ...(this.options.monitor === undefined ? {} : { monitor: this.options.monitor }),
    });
    const announcements = new Announcements(
      node.services.gossip,
      announcementsTopic(genesis),
      agent,
      this.allowList,
      this.count,
      this.options.announcementRate,
    );
    const server = {
      agent,
      logger,
      count: this.count,
      limits: this.options.limits ?? EXCHANGE_LIMITS,
      rate: new RateLimit(this.options.rate ?? REQUEST_RATE, Date.now),
    };
    await node.handle(CUSTODY_PROTOCOL, (stream, connection) => serveRequest(server, stream, connection), {
      maxInboundStreams: STREAMS_PER_PEER,
    });
    await startOrExplain(node, listen);
    announcements.begin();
    agent.onNews((news) => this.attempt('tell what is obeyed', announcements.tell(news)));
    agent.onBehind((validator) => this.catchUp.askAgain(validator));
    this.node = node;
    this.announcements = announcements;
    this.keeper = keepConnected(node, [...this.peers.values()], this.options.backoff ?? RECONNECT);
    this.every(this.options.announceMs ?? ANNOUNCE_MS, () => this.attempt('announce', announcements.sayAlive()));
    this.every(this.options.latencyMs ?? LATENCY_MS, () => this.readLatency(node));
    this.every(this.options.rollCallMs ?? ROLL_CALL_MS, () => {
      this.attempt('call the roll', this.rollCall.round(node));
      this.attempt('look for deaf peers', this.wakeDeafPeers(node));
    });
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
    this.keeper?.stop();
    const node = this.node;
    this.node = undefined;
    if (node === undefined) return;
    this.announcements?.end();
    await node.stop();
  }

  connected(): readonly ValidatorId[] {
    return this.node === undefined ? [] : (this.keeper?.connected() ?? []);
  }

  /** Every open connection, coordinators included. */
  connections(): number {
    return this.node?.getConnections().length ?? 0;
  }

  /** Where it really listens, after `start`; with port 0 the system chose. */
  addresses(): readonly string[] {
    return this.node?.getMultiaddrs().map((address) => address.toString()) ?? [];
  }

  async ask(validator: ValidatorId, request: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const peer = this.peers.get(validator);
    if (peer === undefined)
      throw new FirebreakFailure('input.peer-unlisted', `${validatorName(validator)} is not a peer`);
    const node = this.running();
    const response = await askOverStream(
      (until) => node.dialProtocol(peer.peer, CUSTODY_PROTOCOL, { signal: until }),
      request,
      signal,
    );
    this.count.sent(request.length);
    this.count.received(response.length);
    return response;
  }

  /** Asks peers that were not asked on this connection for their standing order and committee. */
  async learnOrders(signal: AbortSignal): Promise<void> {
    await this.catchUp.round(signal);
  }

  /** Distinct peers whose standing order is known since start. */
  orderStatesKnown(): number {
    return this.catchUp.count();
  }

  async announceNow(): Promise<void> {
    await this.announcements?.sayAlive();
  }

  counters(): TransportCounters {
    return this.count.read();
  }

  latencies(quantiles: readonly number[]): ReadonlyMap<ValidatorId, readonly number[]> {
    return this.latency.quantiles(quantiles);
  }

  /** As the latest ping found it by which libp2p looks after a connection: a ping of our own would take its place, and it would hang up. */
  private readLatency(node: CustodyNode): void {
    for (const [validator, { peer }] of this.peers) {
      const ms = node.getConnections(peer).find(({ rtt }) => rtt !== undefined)?.rtt;
      if (ms !== undefined) this.latency.add(validator, ms);
    }
  }

  private async wakeDeafPeers(node: CustodyNode): Promise<void> {
    const connected = new Map(
      this.connected().flatMap((validator) => {
        const kept = this.peers.get(validator);
        return kept === undefined ? [] : [[validator, kept.peer] as const];
      }),
    );
    const gone = await this.deafPeers.look(
      {
        speaksTo: (peer) => speaksTo(node, announcementsTopic(this.options.genesis), peer),
        hangUp: (peer) => node.hangUp(peer, { signal: AbortSignal.timeout(HANG_UP_MS) }),
      },
      connected,
    );
    for (const validator of gone) {
      this.count.drop('deaf');
      this.options.logger.warn({ validator }, 'a peer was connected and did not hear gossip; it is connected anew');
    }
  }

  private every(ms: number, act: () => void): void {
    const timer = setInterval(act, ms);
    timer.unref();
    this.timers.push(timer);
  }

  /** Background work that is tried again by itself: a failure is a log line. */
  private attempt(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.node !== undefined) this.options.logger.warn({ err: error }, `could not ${what}`);
    });
  }

  private running(): CustodyNode {
    if (this.node === undefined) throw new FirebreakFailure('bug.host-not-started', 'the p2p host is not running');
    return this.node;
  }
}

/** The lower id dials the higher one at once; the higher one waits, so that a pair does not meet twice. */
function meshOf(options: CustodyHostOptions): ReadonlyMap<ValidatorId, KeptPeer> {
  const own = identityHex(options.identity);
  const others = options.genesis.validators.filter((entry) => entry.id !== options.self && entry.identity !== own);
  return new Map(
    others.map((entry) => [
      entry.id,
      {
        validator: entry.id,
        peer: peerIdOf(entry.identity),
        addresses: [...addressesOf(entry), ...furtherAddressesOf(entry, options.extraAddresses ?? [])],
        patienceMs: entry.id > options.self ? 0 : (options.patienceMs ?? PATIENCE_MS),
      },
    ]),
  );
}

async function startOrExplain(node: CustodyNode, listen: string): Promise<void> {
  try {
    await node.start();
  } catch (error) {
    await node.stop();
    const reason = error instanceof Error ? error.message : String(error);
    throw new FirebreakFailure(
      'unavailable.listen-address',
      `cannot listen on ${listen}: ${reason}. Stop whoever uses it, or change network.p2p_listen`,
      { address: listen },
      { cause: error },
    );
  }
}
