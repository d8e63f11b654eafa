/**
 * How a validator's libp2p host is set, and nothing else: the bare host that memory is measured against (bench/bare-libp2p.ts) takes
 * the same values without loading anything of ours, so this file imports nothing.
 */
export const TCP_SETTINGS = { backlog: 128 };
export const YAMUX_SETTINGS = { maxInboundStreams: 64, maxOutboundStreams: 64 };
/**
 * A peer whose messages take five seconds is slow and not gone: an order still has to reach it, and libp2p would hang up on it after five
 * seconds without an answer. A link that carries nothing is noticed after 10 to 25 seconds.
 */
export const MONITOR_SETTINGS = { pingInterval: 10_000, pingTimeout: { minTimeout: 15_000, maxTimeout: 30_000 } };

/** As many pings as a slow peer leaves unanswered before the first of them counts as lost: libp2p hangs up on whoever it cannot ping once more. */
export const PING_SETTINGS = { maxInboundStreams: 4, maxOutboundStreams: 4, timeout: 30_000 };

/** One attempt at one address: a handshake is six messages, one after the other. A dead address takes its own time and not that of the next. */
export const DIAL_MS = 35_000;
export const IDENTIFY_SETTINGS = { timeout: 30_000 };

/** libp2p would refuse the sixth connection per second from one host, and a devnet or a NAT puts a whole roster behind one. */
export const connectionSettings = (peers: number) => ({
  maxConnections: 4 * peers,
  inboundConnectionThreshold: 200,
  maxIncomingPendingConnections: 64,
  addressDialTimeout: DIAL_MS,
  inboundUpgradeTimeout: DIAL_MS,
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
  /** What waits for a peer that does not read. Beyond it its stream is cut; a stream that stays away is opened anew (validator/custody/p2p/deaf-peers.ts). */
  maxOutboundBufferSize: 4 * MESSAGE_BYTES_MAX,
  /** One message of a peer at a time: what it says faster waits in its own connection, and not in our memory. */
  awaitRpcHandler: true,
  awaitRpcMessageHandler: true,
};

/** Of one host; a quiet network of sixteen says some fifty. What is remembered for five minutes stays below 30 MB. */
const SIGNATURES_PER_SECOND_MAX = 300;

/**
 * Ten peers bring the same message: under a signature that was good once it is known, and not verified again. What is remembered was verified;
 * other words under that signature are dropped like the copy that they claim to be, and not held against who brings them. Beyond the bound each
 * is verified, since one signer can sign one message in many ways.
 */
export function signatureNames(
  nowMs: () => number = Date.now,
): (message: { readonly signature?: Uint8Array }) => string {
  let second = 0;
  let named = 0;
  const name = (signature: Uint8Array | undefined): string | undefined => {
    const present = Math.floor(nowMs() / 1_000);
    named = present === second ? named + 1 : 1;
    second = present;
    if (signature === undefined || named > SIGNATURES_PER_SECOND_MAX) return undefined;
    return Buffer.from(signature).toString('latin1');
  };
  // Gossipsub asks whether it is undefined, and its type does not say so.
  return ({ signature }) => name(signature) as string;
}

/**
 * Only what is wrong counts, and it is forgotten within seconds: the square of how many messages of a peer were refused lately, halved each
 * second. Nine of them close the ear to that peer (-80 is gossipsub's graylist) until it has been quiet for a second.
 */
export const SCORE_OF_TOPIC = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1_000,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -1,
  invalidMessageDeliveriesDecay: 0.5,
};
