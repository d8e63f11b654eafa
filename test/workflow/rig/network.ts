import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../../domain/network/network.ts';

export type TestNetwork = {
  readonly genesis: NetworkGenesis;
  readonly identities: ReadonlyMap<ValidatorId, KeyObject>;
};

/** A pinned network with fresh identities. */
export function testNetwork(threshold: number, participants: number): TestNetwork {
  const identities = new Map<ValidatorId, KeyObject>();
  const validators = Array.from({ length: participants }, (_unused, at) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const id = validatorId(at + 1);
    identities.set(id, privateKey);
    return { id, identity: rawHex(publicKey), addresses: [`/ip4/127.0.0.1/tcp/${10_000 + at}`] };
  });
  return {
    identities,
    genesis: {
      version: 1,
      name: 'test-network',
      environment: 'development',
      bitcoinNetwork: 'regtest',
      threshold,
      validators,
      coordinators: [COORDINATOR],
      committee: { epoch: 1, members: [{ name: 'one', key: '11'.repeat(32) }], quorum: { freeze: 1, lift: 1 } },
    },
  };
}

export const COORDINATOR = 'c0'.repeat(32);

const rawHex = (key: KeyObject): string => {
  const { x } = key.export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url').toString('hex');
};
