/**
 * How a validator's libp2p host is set, and nothing else: the bare host that memory is measured against (bench/bare-libp2p.ts) takes
 * the same values without loading anything of ours, so this file imports nothing.
 */
export const TCP_SETTINGS = { backlog: 128 };
export const YAMUX_SETTINGS = { maxInboundStreams: 64, maxOutboundStreams: 64 };
export const PING_SETTINGS = { maxInboundStreams: 2 };

/** libp2p would refuse the sixth connection per second from one host, and a devnet or a NAT puts a whole roster behind one. */
export const connectionSettings = (peers: number) => ({
  maxConnections: 4 * peers,
  inboundConnectionThreshold: 200,
  maxIncomingPendingConnections: 64,
});

/** No message between processes is larger: 15 keygen envelopes with 15 encrypted shares each stay below 64 KiB. */
export const MESSAGE_BYTES_MAX = 1_048_576;

export const GOSSIP_SETTINGS = {
  D: 6,
  Dlo: 4,
  Dhi: 12,
  allowPublishToZeroTopicPeers: true, // the first validator of a network speaks before anyone listens
  emitSelf: false,
  seenTTL: 300_000,
  maxInboundDataLength: MESSAGE_BYTES_MAX,
};
