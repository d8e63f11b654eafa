import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { RosterEntry } from '../../domain/network/network.ts';
import { peerIdOf } from './host-identity.ts';

/**
 * Where a validator listens, each address ending in its pinned identity: whoever answers there with another key is not it.
 * Throws `input.host-identity` for an entry whose identity is no Ed25519 key.
 */
export function addressesOf(entry: RosterEntry): Multiaddr[] {
  const suffix = `/p2p/${peerIdOf(entry.identity).toString()}`;
  return entry.addresses.map((address) => multiaddr(address.endsWith(suffix) ? address : `${address}${suffix}`));
}

/** Those of an operator's own list that end in this validator's identity. */
export function furtherAddressesOf(entry: RosterEntry, list: readonly string[]): Multiaddr[] {
  const suffix = `/p2p/${peerIdOf(entry.identity).toString()}`;
  return list.filter((address) => address.endsWith(suffix)).map((address) => multiaddr(address));
}

/** The IP addresses (or names) of the whole roster: several validators may share one, and that is known and wanted. */
export function rosterHosts(roster: readonly RosterEntry[]): Set<string> {
  const hosts = roster.flatMap((entry) => entry.addresses.map((address) => address.split('/')[2] ?? ''));
  return new Set(hosts.filter((host) => host !== ''));
}
