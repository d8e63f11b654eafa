import { isIP } from 'node:net';

/** `0.0.0.0:9001`, `[::1]:9001`, `name:9001` or a multiaddr to a multiaddr; undefined when it is none of these. */
export function listenMultiaddr(text: string): string | undefined {
  if (text.startsWith('/')) return /^\/(ip4|ip6|dns4|dns6|dns)\/[^/]+\/tcp\/\d{1,5}$/.test(text) ? text : undefined;
  const parts = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text);
  const host = parts?.[1];
  const port = Number(parts?.[2]);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  const family = isIP(host);
  if (family === 6) return `/ip6/${host}/tcp/${port}`;
  if (family === 4) return `/ip4/${host}/tcp/${port}`;
  return /^[A-Za-z0-9.-]+$/.test(host) ? `/dns4/${host}/tcp/${port}` : undefined;
}

export const listenPort = (multiaddr: string): number => Number(multiaddr.split('/')[4]);
