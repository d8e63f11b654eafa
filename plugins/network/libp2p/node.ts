import type { KeyObject } from 'node:crypto';
import type { Libp2p, PeerId } from '@libp2p/interface';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import type { NetworkGenesis } from '../../../domain/network/network.ts';
import { identityOf, libp2pKeyOf } from '../../../wire/stream/host-identity.ts';
import { IDENTIFY_SETTINGS, MONITOR_SETTINGS, PING_SETTINGS } from '../../../wire/stream/host-settings.ts';

/** A host that dials the roster and nobody else, listens nowhere and accepts nobody. */
export async function dialOnlyNode(
  genesis: NetworkGenesis,
  identity: KeyObject,
  dialTimeoutMs: number,
): Promise<Libp2p> {
  const listed = new Set(genesis.validators.map((entry) => entry.identity));
  const stranger = (peer: PeerId): boolean => !listed.has(identityOf(peer) ?? '');
  return await createLibp2p({
    privateKey: libp2pKeyOf(identity),
    addresses: { listen: [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(IDENTIFY_SETTINGS), ping: ping(PING_SETTINGS) },
    connectionGater: { denyDialPeer: stranger, denyInboundEncryptedConnection: () => true },
    connectionManager: {
      maxConnections: 2 * listed.size,
      dialTimeout: dialTimeoutMs,
      addressDialTimeout: dialTimeoutMs,
    },
    connectionMonitor: MONITOR_SETTINGS,
    start: false,
  });
}
