/**
 * One bare libp2p process: the modules and settings of a validator's host (wire/stream/host-settings.ts) and nothing else of ours.
 * `node bench/bare-libp2p.ts <position> <ports>`: listens on the port at its position, dials those after it, prints "mesh" when it
 * is connected to all of them, and stays until SIGTERM. Identities follow from the ports, so that everyone knows everyone.
 */
import { createHash } from 'node:crypto';
import { gossipsub, StrictSign } from '@libp2p/gossipsub';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import {
  connectionSettings,
  GOSSIP_SETTINGS,
  signatureNames,
  PING_SETTINGS,
  TCP_SETTINGS,
  YAMUX_SETTINGS,
} from '../wire/stream/host-settings.ts';

const HOST = '127.0.0.1';
const TOPIC = 'bench';
const REDIAL_MS = 250;

const [position, ports] = process.argv.slice(2).map((text) => text.split(',').map(Number));
const self = position?.[0] ?? 0;
const all = ports ?? [];

const keyOf = (port: number) => generateKeyPairFromSeed('Ed25519', createHash('sha256').update(`${port}`).digest());
const identities = await Promise.all(all.map(keyOf));
const peers = identities.map((key) => peerIdFromPrivateKey(key));
const names = new Set(peers.map((peer) => peer.toString()));
const privateKey = identities[self];
if (privateKey === undefined) throw new Error('the position has no port');

const node = await createLibp2p({
  privateKey,
  addresses: { listen: [`/ip4/${HOST}/tcp/${all[self]}`] },
  transports: [tcp(TCP_SETTINGS)],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux(YAMUX_SETTINGS)],
  connectionGater: {
    denyDialPeer: (peer) => !names.has(peer.toString()),
    denyInboundEncryptedConnection: (peer) => !names.has(peer.toString()),
  },
  connectionManager: connectionSettings(all.length),
  services: {
    identify: identify(),
    ping: ping(PING_SETTINGS),
    gossip: gossipsub({
      ...GOSSIP_SETTINGS,
      fastMsgIdFn: signatureNames(),
      globalSignaturePolicy: StrictSign,
      allowedTopics: [TOPIC],
      scoreParams: { IPColocationFactorWhitelist: new Set([HOST]) },
    }),
  },
});
node.services.gossip.subscribe(TOPIC);

let told = false;
const look = (): void => {
  const connected = new Set(node.getConnections().map(({ remotePeer }) => remotePeer.toString())).size;
  if (told || connected < all.length - 1) return;
  told = true;
  process.stdout.write('mesh\n');
};
node.addEventListener('peer:connect', look);

const stop = new AbortController();
process.once('SIGTERM', () => {
  stop.abort();
  void node.stop();
});

const isConnected = (at: number): boolean => node.getConnections(peers[at]).length > 0;

/** Until it answers, and again when the connection is lost: a process that is still loading does not listen, a busy one gives up. */
async function keepDialling(at: number): Promise<void> {
  const address = multiaddr(`/ip4/${HOST}/tcp/${all[at]}/p2p/${peers[at]?.toString()}`);
  while (!stop.signal.aborted) {
    if (!isConnected(at)) {
      const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(5_000)]);
      await node.dial(address, { signal }).catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, REDIAL_MS));
  }
}
const later = all.map((_port, at) => at).filter((at) => at > self);
await Promise.all(later.map(keepDialling));
