import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { type Order, orderDigest, type SignedOrder } from '../../../domain/committee/order.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import { type NetworkGenesis, validatorId } from '../../../domain/network/network.ts';
import {
  type ReleaseRequest,
  releaseRequestDigest,
  type SignedReleaseRequest,
  type SignedTerms,
  type Terms,
  vaultIdOf,
} from '../../../domain/vault/terms.ts';

export type HostKey = { readonly key: KeyObject; readonly identity: string };

export function hostKey(): HostKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    key: privateKey,
    identity: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex'),
  };
}

export type TestNetwork = {
  readonly genesis: NetworkGenesis;
  readonly hosts: readonly HostKey[];
  readonly coordinator: HostKey;
  readonly committee: readonly HostKey[];
};

export function testNetwork(validators: number, threshold: number): TestNetwork {
  const hosts = Array.from({ length: validators }, hostKey);
  const coordinator = hostKey();
  const committee = Array.from({ length: 3 }, hostKey);
  const genesis: NetworkGenesis = {
    version: 1,
    name: 'test',
    environment: 'development',
    bitcoinNetwork: 'regtest',
    threshold,
    validators: hosts.map(({ identity }, at) => ({ id: validatorId(at + 1), identity, addresses: [] })),
    coordinators: [coordinator.identity],
    committee: {
      epoch: 1,
      members: committee.map(({ identity }, at) => ({ name: `member ${at + 1}`, key: identity })),
      quorum: { freeze: 2, lift: 3 },
    },
  };
  return { genesis, hosts, coordinator, committee };
}

/** Signed by the first `signers` members. */
export function signOrder(
  network: Pick<TestNetwork, 'genesis' | 'committee'>,
  order: Partial<Order>,
  signers: number,
): SignedOrder {
  const { genesis } = network;
  const whole: Order = {
    version: 1,
    kind: 'freeze',
    environment: genesis.environment,
    network: genesis.name,
    committeeEpoch: 1,
    number: 1,
    scope: 'payouts',
    reason: 'a test',
    expiresAtSeconds: Math.floor(Date.now() / 1_000) + 30 * 86_400,
    ...order,
  };
  const digest = fromHex(orderDigest(whole), 'order digest', 32);
  const signatures = network.committee
    .slice(0, signers)
    .map(({ key, identity }) => ({ member: identity, signature: toHex(sign(null, digest, key)) }));
  return { order: whole, signatures };
}

/** Owner and release key of one vault. */
export type VaultOwner = { readonly owner: Uint8Array; readonly release: Uint8Array };
export const vaultOwner = (): VaultOwner => ({
  owner: schnorr.utils.randomSecretKey(),
  release: schnorr.utils.randomSecretKey(),
});

export function signTerms(
  { genesis }: TestNetwork,
  { owner, release }: VaultOwner,
  changes: Partial<Terms> = {},
): SignedTerms {
  const terms: Terms = {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    bitcoinNetwork: genesis.bitcoinNetwork,
    purpose: 'a test vault',
    payoutScript: `0014${'ab'.repeat(20)}`,
    deposit: { amountSats: 100_000, deadlineHeight: 1_000 },
    maximumFeeSats: 5_000,
    ownerKey: toHex(schnorr.getPublicKey(owner)),
    releaseKey: toHex(schnorr.getPublicKey(release)),
    salt: randomBytes(16).toString('hex'),
    ...changes,
  };
  return { terms, signature: toHex(schnorr.sign(fromHex(vaultIdOf(terms), 'vault', 32), owner)) };
}

export function signRelease(request: ReleaseRequest, release: Uint8Array): SignedReleaseRequest {
  const digest = fromHex(releaseRequestDigest(request), 'release request', 32);
  return { request, signature: toHex(schnorr.sign(digest, release)) };
}
