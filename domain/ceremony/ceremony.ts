import type { Digest } from '../encoding/digest.ts';
import type { ValidatorId } from '../network/network.ts';

export type SuiteId = 'FROST-secp256k1-SHA256-TR-v1';

/** `keygen-…`, `selftest-…` or `signing-…` and 32 hex characters: one attempt, never reused. */
export type CeremonyId = string & { readonly __brand: 'CeremonyId' };
export type CeremonyKind = 'keygen' | 'selftest' | 'signing';
export const ceremonyId = (kind: CeremonyKind, digest: Digest): CeremonyId =>
  `${kind}-${digest.slice(0, 32)}` as CeremonyId;
export const isCeremonyId = (text: string): text is CeremonyId => /^(keygen|selftest|signing)-[0-9a-f]{32}$/.test(text);

/** The ceremony that made the key names it: 32 hex characters. */
export type KeysetId = string & { readonly __brand: 'KeysetId' };
export const keysetOf = (keygen: CeremonyId): KeysetId => keygen.slice('keygen-'.length) as KeysetId;

/** Addresses come only from `active` packages, signatures from `active` and `draining` ones. */
export type KeyState = 'proposed' | 'certified' | 'tested' | 'active' | 'draining' | 'retired' | 'compromised';

const NEXT: Readonly<Record<KeyState, readonly KeyState[]>> = {
  proposed: ['certified'],
  certified: ['tested'],
  tested: ['active'],
  active: ['draining', 'compromised'],
  draining: ['retired', 'compromised'],
  retired: ['compromised'],
  compromised: [],
};
export const isKeyState = (text: string): text is KeyState => Object.hasOwn(NEXT, text);
export const mayBecome = (from: KeyState, to: KeyState): boolean => NEXT[from].includes(to);
export const givesAddresses = (state: KeyState): boolean => state === 'active';
export const givesSignatures = (state: KeyState): boolean => state === 'active' || state === 'draining';
/** Any key that ever had addresses: late coins of a retired one, and all of a compromised one, still go to its certified successor. */
export const givesSweeps = (state: KeyState): boolean =>
  state !== 'proposed' && state !== 'certified' && state !== 'tested';

/** The step of the run that asked for a key: votes name a key by it before the key exists. */
export type KeyOrigin = {
  readonly run: string;
  /** The covered step that makes the key, not the one that asked for approval. */
  readonly step: string;
  /** Digest of the compiled plan. */
  readonly playbook: Digest;
};

/** Everything anyone may know about a key, and what all its participants signed. Points are 33 bytes compressed, hex. */
export type PublicKeyPackage = {
  readonly suite: SuiteId;
  readonly keyset: KeysetId;
  readonly epoch: number;
  readonly threshold: number;
  /** Ascending; each is its own FROST identifier. */
  readonly participants: readonly ValidatorId[];
  /** Q of `threshold.md` §4: the DKG key with its empty-root tweak; may have odd y. */
  readonly groupKey: string;
  /** Verifying share Y_i of each participant, in their order. */
  readonly verifyingShares: readonly string[];
  readonly transcript: Digest;
  /** 32 bytes hex, derived from the transcript; confidential outside the network, since it links vaults. */
  readonly chaincode: string;
  /** Absent for a key that no playbook asked for. */
  readonly origin?: KeyOrigin;
};

/** Digest of the package plus one host signature per participant; only complete with all of them. */
export type KeyCertificate = {
  readonly package: PublicKeyPackage;
  readonly signatures: readonly { readonly validator: ValidatorId; readonly signature: string }[];
};

/** Where in the chain a statement was computed; every answer with confirmations carries one. */
export type ChainAnchor = { /** display order, hex */ readonly hash: string; readonly height: number };
