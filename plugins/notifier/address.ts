import { z } from 'zod';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '::1']);

/** Whether nothing leaves this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.has(host);

/** Where messages go over HTTP: encrypted, or on this machine. Credentials belong into a secret, not into the address. */
export const httpAddress = () =>
  z
    .url({ error: 'write an address such as https://example.org/path', abort: true })
    .max(1_000, 'is too long for an address')
    .refine((text) => {
      const { protocol, hostname, username, password } = new URL(text);
      return (
        username === '' && password === '' && (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname)))
      );
    }, 'must begin with https:// and hold no password; http:// is for this machine alone');
