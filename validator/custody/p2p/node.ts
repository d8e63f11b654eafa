import type { KeyObject } from 'node:crypto';
import { type GossipSub, gossipsub, StrictSign } from '@libp2p/gossipsub';
import { createTopicScoreParams } from '@libp2p/gossipsub/score';
import { identify } from '@libp2p/identify';
import type { Libp2p, PeerId } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import type { NetworkGenesis } from '../../../domain/network/network.ts';
import { libp2pKeyOf } from '../../../wire/stream/host-identity.ts';
import {
  connectionSettings,
  GOSSIP_SETTINGS,
  IDENTIFY_SETTINGS,
  MONITOR_SETTINGS,
  PING_SETTINGS,
  SCORE_OF_TOPIC,
  signatureNames,
  TCP_SETTINGS,
  YAMUX_SETTINGS,
} from '../../../wire/stream/host-settings.ts';
import { announcementsTopic } from '../../../wire/stream/protocol.ts';
import { rosterHosts } from '../../../wire/stream/roster-addresses.ts';
import type { AllowList } from './allow-list.ts';
import type { TransportCount } from './counters.ts';
import { gossipMeter } from './gossip-meter.ts';

export type CustodyNode = Libp2p<{ identify: unknown; ping: unknown; gossip: GossipSub }>;

/** How often a connection is asked for a sign of life, and how long it may take. */
export type HostMonitor = typeof MONITOR_SETTINGS;

export type CustodyNodeOptions = {
  readonly genesis: NetworkGenesis;
  readonly identity: KeyObject;
  /** libp2p multiaddr. */
  readonly listen: string;
  readonly allowList: AllowList;
  readonly count: TransportCount;
  /** One attempt at one address. */
  readonly dialMs: number;
  /** When a connection counts as dead. */
  readonly monitor?: HostMonitor;
};

/**
 * A host that only the roster and its coordinators can reach. Validators often share one address (a devnet, a NAT): libp2p would
 * refuse the sixth connection per second from one host and gossipsub would punish the eleventh peer behind one IP, so the first
 * limit is set for the size of the roster and the addresses of the roster are exempt from the second.
 */
export async function createCustodyNode(options: CustodyNodeOptions): Promise<CustodyNode> {
  const { genesis, allowList, count } = options;
  const topic = announcementsTopic(genesis);
  const peers = genesis.validators.length + genesis.coordinators.length;
  const denyInbound = (peer: PeerId): boolean => {
    if (allowList.admits(peer)) return false;
    count.drop('unlisted');
    return true;
  };
  return await createLibp2p({
    privateKey: libp2pKeyOf(options.identity),
    addresses: { listen: [options.listen] },
    transports: [tcp(TCP_SETTINGS)],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(YAMUX_SETTINGS)],
    connectionGater: {
      denyDialPeer: (peer) => !allowList.admits(peer),
      denyInboundEncryptedConnection: denyInbound,
    },
    connectionManager: { ...connectionSettings(peers), addressDialTimeout: options.dialMs },
    connectionMonitor: options.monitor ?? MONITOR_SETTINGS,
    services: {
      identify: identify(IDENTIFY_SETTINGS),
      ping: ping(PING_SETTINGS),
      gossip: gossipsub({
        ...GOSSIP_SETTINGS,
        fastMsgIdFn: signatureNames(),
        globalSignaturePolicy: StrictSign,
        allowedTopics: [topic],
        scoreParams: {
          IPColocationFactorWhitelist: rosterHosts(genesis.validators),
          topics: { [topic]: createTopicScoreParams(SCORE_OF_TOPIC) },
        },
        metricsRegister: gossipMeter(count),
        metricsTopicStrToLabel: new Map([[topic, 'announcements']]),
      }),
    },
    start: false,
  });
}

/**
 * Whether gossip passes announcements on to this peer: it has a stream to it, and the peer has subscribed. Every validator subscribes for as
 * long as it runs, but another process with its key can take that back in its name. Gossipsub keeps its streams to itself in its interface.
 */
export function speaksTo(node: CustodyNode, topic: string, peer: PeerId): boolean {
  const { gossip } = node.services;
  const { streamsOutbound } = gossip as GossipSub & { readonly streamsOutbound?: ReadonlyMap<string, unknown> };
  if (streamsOutbound !== undefined && !streamsOutbound.has(peer.toString())) return false;
  return gossip.getSubscribers(topic).some((subscriber) => subscriber.equals(peer));
}
