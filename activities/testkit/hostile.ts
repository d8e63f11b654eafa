import { generateKeyPairSync } from 'node:crypto';
import { type NetworkGenesis, validatorId } from '../../domain/network/network.ts';
import { identityHex } from '../../wire/stream/host-identity.ts';
import type { Attempt } from '../attempt.ts';

/** A validator that signs what it likes. */
export const HOSTILE = validatorId(2);
export const { privateKey } = generateKeyPairSync('ed25519');

/** A network of which nothing but its name, its threshold and the identity of the hostile one is known. */
export const networkNamed = (name: string): NetworkGenesis =>
  ({
    name,
    environment: 'development',
    threshold: 2,
    validators: [{ id: HOSTILE, identity: identityHex(privateKey), addresses: [] }],
  }) as unknown as NetworkGenesis;

/** The first one, which nobody ends. */
export const firstAttempt: Attempt = {
  idempotencyKey: 'test',
  number: 1,
  signal: new AbortController().signal,
  deadlineMs: Number.POSITIVE_INFINITY,
  report: () => undefined,
};
