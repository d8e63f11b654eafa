/** Bound into every order, vote, keyset and envelope; a validator knows its own. */
export type Environment = 'production' | 'drill' | 'development';
export const ENVIRONMENTS: readonly Environment[] = ['production', 'drill', 'development'];

export type BitcoinNetwork = 'mainnet' | 'testnet' | 'regtest';
export const BITCOIN_NETWORKS: readonly BitcoinNetwork[] = ['mainnet', 'testnet', 'regtest'];

/** 1-based position in the pinned roster; it is also the FROST identifier of its share, in every key that it takes part in. */
export type ValidatorId = number & { readonly __brand: 'ValidatorId' };
export const validatorId = (n: number): ValidatorId => n as ValidatorId;

/** Printed form used as metric label and log field: `validator-007`. */
export const validatorName = (id: ValidatorId): string => `validator-${String(id).padStart(3, '0')}`;

export type RosterEntry = {
  readonly id: ValidatorId;
  /** Ed25519 public key of the host identity, 32 bytes in hex; it signs envelopes and is the libp2p peer. */
  readonly identity: string;
  /** libp2p multiaddrs where this validator listens. */
  readonly addresses: readonly string[];
  /** Runs with the others and has no share until a playbook of the committee names it as participant of a new key. */
  readonly spare?: true;
};

/** What every validator and every verifier pins before it talks to anyone; distributed by hand, never by a coordinator. */
export type NetworkGenesis = {
  readonly version: 1;
  readonly name: string;
  readonly environment: Environment;
  readonly bitcoinNetwork: BitcoinNetwork;
  readonly threshold: number;
  readonly validators: readonly RosterEntry[];
  /** Ed25519 identities (hex) that may ask for ceremonies and hand over orders; none of them can make anything be signed. */
  readonly coordinators: readonly string[];
  readonly committee: CommitteeGenesis;
};

/** Ed25519 (RFC 8032), secp256k1 with BIP340 signatures and x-only keys, ML-DSA-65 (FIPS 204, empty context). */
export type KeyAlgorithm = 'ed25519' | 'secp256k1' | 'ml-dsa-65';

export type CommitteeKey = {
  readonly name: string;
  /** Public key in hex: 32 bytes, for ML-DSA-65 1952. */
  readonly key: string;
  /** Absent: Ed25519. */
  readonly algorithm?: KeyAlgorithm;
};

/** One seat: whoever of the two signs first speaks for it, and a seat counts once. */
export type CommitteeMember = CommitteeKey & { readonly deputy?: CommitteeKey };

/** A committee at one epoch; the genesis pins the first one, each later one is signed by the change quorum of the one before. */
export type CommitteeGenesis = {
  readonly epoch: number;
  readonly members: readonly CommitteeMember[];
  /** Seats needed per class of action: cheap to brake, expensive to release or to change. Absent `change`: as many as `lift`. */
  readonly quorum: { readonly freeze: number; readonly lift: number; readonly change?: number };
};
