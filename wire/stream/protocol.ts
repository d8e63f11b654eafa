import type { NetworkGenesis } from '../../domain/network/network.ts';

/** One request frame, one response frame, then the stream is over. A changed frame or message form is another number. */
export const CUSTODY_PROTOCOL = '/firebreak/custody/1';

/** Gossip of liveness and orders; environment and network in the name keep a drill and production apart on one host. */
export const announcementsTopic = (genesis: Pick<NetworkGenesis, 'environment' | 'name'>): string =>
  `firebreak/${genesis.environment}/${genesis.name}/announcements/v1`;
