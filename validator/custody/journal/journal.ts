import type {
  CeremonyId,
  ChainAnchor,
  KeysetId,
  KeyState,
  PublicKeyPackage,
} from '../../../domain/ceremony/ceremony.ts';
import type { SignedEpoch } from '../../../domain/committee/epoch.ts';
import type { Grant, SignedGrant } from '../../../domain/committee/grant.ts';
import type { SignedGrantUse } from '../../../domain/committee/grant-use.ts';
import type { Order, OrderState, SignedOrder } from '../../../domain/committee/order.ts';
import type { ObeyedOrder } from '../../../domain/committee/renewals.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import type { FailureCode } from '../../../domain/errors/failure.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { KeyUse } from '../../../domain/ports/keystore.ts';
import type { Outflow, OutflowCap } from '../../../domain/vault/outflow.ts';
import type { Sats, SignedTerms, VaultId } from '../../../domain/vault/terms.ts';
import type { Remembered } from './remembered.ts';

export type KeysetRow = {
  readonly keyset: KeysetId;
  readonly epoch: number;
  readonly state: KeyState;
  readonly package: PublicKeyPackage;
  /** RFC 8785 bytes of KeyCertificate, once all participants signed. */
  readonly certificate: Uint8Array | undefined;
  /** Opens only inside the keystore. Absent: this validator is no participant of the key, and holds its certificate to judge by. */
  readonly sealedShare: Uint8Array | undefined;
  readonly sealedAtMs: number;
  readonly selfTestSignature: Uint8Array | undefined;
};

export type OutpointLock = {
  readonly outpoint: string;
  readonly txid: string;
  readonly feeSats: Sats;
  readonly requestDigest: Digest;
};

export type BurntNonce = { readonly ceremony: string; readonly requestDigest: Digest };

export type TermsRow = {
  readonly vault: VaultId;
  readonly signedTerms: SignedTerms;
  readonly keyset: KeysetId;
  /** scriptPubKey hex that this validator derived by itself. */
  readonly script: string;
  readonly watchFromHeight: number;
};

export type OrderRow = { readonly state: OrderState; readonly digest: Digest; readonly signedOrder: SignedOrder };

export type GrantUseRow = {
  readonly digest: Digest;
  readonly signedGrant: SignedGrant;
  readonly signedUse: SignedGrantUse;
  /** Unix seconds at which its freeze ends by itself. */
  readonly frozenUntilSeconds: number;
  /** False: a later order was there first. It is spent all the same, and freezes nothing. */
  readonly obeyed: boolean;
};

/** A freeze that nobody ordered: the own chain view saw a reorganisation beyond its bound. Only a lift that names a block of the chain ends it. */
export type ChainFreeze = {
  /** A lift must have a higher number: of the order that was obeyed when it began, or the one before where that named the chain to come. */
  readonly afterOrder: number;
  /** Where the own view stood, and stopped. */
  readonly tip: ChainAnchor;
  readonly reason: string;
};
export type ChainFreezeRow = ChainFreeze & { readonly number: number; readonly atMs: number };

/** Where payouts stand, and on whose word. */
export type OrderStanding = {
  readonly state: OrderState;
  /** Holds whatever orders say, and sets the end in `state`. */
  readonly chain?: ChainFreezeRow;
  readonly order?: OrderRow;
  /** The use of a grant that set the present end of the freeze; absent when the order did. */
  readonly use?: GrantUseRow;
};

/** What a committee must not sign beside another document of the same number, kept for whoever asks who did. */
export type DoubleSigned = {
  /** `capped-order`: a freeze beyond the cap on renewals, which is none of the row because nobody obeyed it. */
  readonly kind: 'order' | 'capped-order' | 'epoch';
  readonly number: number;
  readonly digest: Digest;
  readonly document: SignedOrder | SignedEpoch;
};

export type RefusalRow = {
  readonly code: FailureCode;
  readonly peer: string;
  readonly ceremony: string;
  readonly atMs: number;
};

export type StepRow = { readonly step: string; readonly atMs: number; readonly detail?: string };

/** What a partial signature commits its outpoints to; a self-test spends nothing. */
export type Spend = {
  readonly txid: string;
  readonly outpoints: readonly string[];
  /** As the release key signed it, or as the sweep takes it. */
  readonly feeSats: Sats;
  /** Transactions that hold locks on these outpoints and can never confirm, in the view of this validator. */
  readonly hopeless: readonly string[];
  /** Its coins and what caps them. A sweep has none: coins stay with the vault. */
  readonly outflow?: { readonly coins: readonly Pick<Outflow, 'outpoint' | 'sats'>[]; readonly cap: OutflowCap };
};

/** One signing decision, written whole or not at all. */
export type Release = {
  readonly ceremony: string;
  readonly requestDigest: Digest;
  readonly spend: Spend | undefined;
  /** `hiding || binding` of every own commitment, hex. */
  readonly commitments: readonly string[];
  readonly response: Uint8Array;
  readonly atMs: number;
};

/** What outputs are locked for, before any of it is signed. */
export type Locking = {
  readonly ceremony: string;
  readonly proposalDigest: Digest;
  /** The signing request without its commitments. */
  readonly proposal: Uint8Array;
  readonly spend: Spend;
  readonly atMs: number;
};

/** A transaction that outputs were locked for; `proposal` is empty where only its id is remembered. */
export type LockProposal = {
  readonly txid: string;
  readonly outpoints: readonly string[];
  readonly proposal: Uint8Array;
  readonly atMs: number;
};

/** What another validator says that it has locked. */
export type Claim = Omit<LockProposal, 'atMs'> & { readonly validator: ValidatorId };
export type ClaimMade = Omit<Claim, 'validator'>;

export type LockConflict =
  | { readonly kind: 'outpoint-locked'; readonly outpoint: string; readonly txid: string }
  | { readonly kind: 'nonce-burnt'; readonly commitment: string }
  | {
      readonly kind: 'outflow';
      /** What is new among the coins, and what the window holds already. */
      readonly moreSats: Sats;
      readonly signedSats: Sats;
      readonly cap: OutflowCap;
      /** Infinity: it never fits. */
      readonly roomAtMs: number;
    };

/** What a process found when it opened the journal. */
export type Start = {
  /** 16 bytes in hex, drawn by the first process that opened it: a copy of the folder keeps the name. */
  readonly journal: string;
  /** How many processes have opened it, this one included. */
  readonly number: number;
};

/** Shares sealed and signatures released so far, and the hash chain over them: equal heads are equal memories of them. */
export type Decisions = { readonly count: number; readonly head: Digest };

/** Two signed statements of one host identity that show two processes at one time. */
export type SightingRow = {
  readonly validator: ValidatorId;
  /** Whether the two remember different decisions. */
  readonly forked: boolean;
  /** Encoded wire Envelopes. */
  readonly statement: Uint8Array;
  readonly other: Uint8Array;
  readonly atMs: number;
};

/**
 * The validator's memory of what it must never contradict: that is on disk (`synchronous=FULL`) when its call returns. What is only told (steps,
 * refusals, uses of a share, sightings, what was signed twice) survives any crash, and a power failure once something binding followed.
 * Failures: `unavailable.journal-full`, `policy.journal-damaged` (the journal is then closed for good), `unavailable.journal-closed`.
 */
export type Journal = {
  readonly file: string;
  readonly schemaVersion: number;
  readonly keysets: {
    get(keyset: string): KeysetRow | undefined;
    list(): readonly KeysetRow[];
    /** Before anything of a key generation exists: it is begun once, whatever else happens meanwhile. */
    begin(ceremony: CeremonyId, epoch: number, atMs: number): void;
    hasBegun(ceremony: CeremonyId): boolean;
    /** The point of no return of a key generation: the transcript is signed only after this returned. */
    seal(
      row: Omit<KeysetRow, 'state' | 'certificate' | 'selfTestSignature'> & { readonly sealedShare: Uint8Array },
    ): void;
    /** A certified key of others: there is no share, and never will be one. */
    keep(
      row: Pick<KeysetRow, 'keyset' | 'epoch' | 'package'> & {
        readonly certificate: Uint8Array;
        readonly atMs: number;
      },
    ): void;
    certify(keyset: KeysetId, certificate: Uint8Array): void;
    test(keyset: KeysetId, selfTestSignature: Uint8Array): void;
    /** Refuses a step that `mayBecome` does not know with `conflict.keyset-state`. */
    move(keyset: KeysetId, to: KeyState): void;
    recordUse(use: KeyUse): void;
  };
  readonly releases: {
    stored(requestDigest: Digest): Uint8Array | undefined;
    /** More than one only where the journals of two copies were brought together. */
    locksOn(outpoint: string): readonly OutpointLock[];
    locksOf(txid: string): readonly OutpointLock[];
    burnt(commitment: string): BurntNonce | undefined;
    /** What stands against `release` now, or undefined. */
    conflict(release: Pick<Release, 'spend' | 'commitments' | 'atMs'>): LockConflict | undefined;
    /** One transaction: checks the locks and the outflow cap and writes them, before this validator commits to sign anything. */
    lock(locking: Locking): LockConflict | undefined;
    /** One transaction: checks the locks and the outflow cap, burns the nonces, stores the response. Only after it returned may the response leave. */
    commit(release: Release): LockConflict | undefined;
    count(): number;
    lastAtMs(): number | undefined;
  };
  readonly proposals: {
    get(txid: string): LockProposal | undefined;
    /** By txid, those that come after `after`. */
    page(after: string, limit: number): readonly LockProposal[];
    /** Locks, nonces and answers of transactions that are buried, unless something of them is younger; the caller has looked at the chain. */
    forget(txids: readonly string[], beforeMs: number): void;
  };
  readonly claims: {
    on(outpoint: string): readonly Omit<Claim, 'outpoints'>[];
    /**
     * What one validator says; the first page takes the place of all that it said to an earlier process. False when it has claimed as
     * much as anybody may: what it says besides is not kept.
     */
    take(validator: ValidatorId, claims: readonly ClaimMade[], isFirst: boolean, atMs: number): boolean;
    count(): number;
  };
  readonly outflow: {
    /** Satoshis of coins that payouts were first signed for after this time. */
    sumSince(atMs: number): Sats;
  };
  readonly orders: {
    current(): OrderRow | undefined;
    get(number: number): OrderRow | undefined;
    /** Of two orders with one number the later call counts; the other one is kept among `doubleSigned`. */
    append(row: OrderRow, atMs: number): void;
    /** The last ones, highest number first; those that another one of their number took the place of stand behind it. */
    latest(): readonly ObeyedOrder[];
    /** The present order, the uses of grants since, and the freeze of the own chain view. */
    standing(): OrderStanding;
  };
  readonly chainFreezes: {
    /** The one that holds now. */
    current(): ChainFreezeRow | undefined;
    /** In the place of one that holds already, whose lift then needs the higher of both numbers. On disk when it returns. */
    begin(freeze: ChainFreeze, atMs: number): void;
    /** Whether this one was ended here, by a lift that ends it. */
    hasEnded(freeze: ChainFreeze): boolean;
    end(number: number, liftedBy: number): void;
    /** The highest lift above this number that names a block. */
    liftAfter(number: number): Order | undefined;
    /** Also those that were ended; old ones give way. */
    count(): number;
  };
  readonly grants: {
    /** Uses of one grant, those that froze nothing included. */
    uses(grant: Digest): readonly GrantUseRow[];
    /** Of every grant. */
    all(): readonly GrantUseRow[];
    /** In the place of one of the same run and step. One transaction: with it the new end of the freeze is on disk. */
    use(row: GrantUseRow, atMs: number): void;
    /** Uses of all grants. */
    count(): number;
    /** Of grants of one kind, those that froze. */
    obeyedOf(kind: Grant['kind']): number;
  };
  readonly epochs: {
    /** From the first after the pinned committee, oldest first. */
    list(): readonly SignedEpoch[];
    append(signed: SignedEpoch, digest: Digest, atMs: number): void;
  };
  readonly doubleSigned: {
    keep(evidence: DoubleSigned, atMs: number): void;
    list(): readonly DoubleSigned[];
    count(): number;
  };
  readonly terms: {
    /** Held per keyset: the same terms have another address under another key. */
    get(vault: string, keyset: string): TermsRow | undefined;
    list(): readonly TermsRow[];
    /** Under one key, by vault id, those that come after `after`. */
    page(keyset: string, after: string, limit: number): readonly TermsRow[];
    /** Held under any key. */
    knows(vault: string): boolean;
    count(): number;
    hold(row: TermsRow, atMs: number): void;
  };
  readonly steps: {
    record(ceremony: string, step: string, atMs: number, detail?: string): void;
    of(ceremony: string): readonly StepRow[];
    /** Latest ceremonies first. */
    ceremonies(limit: number): readonly string[];
  };
  readonly refusals: {
    record(row: RefusalRow): void;
    latest(limit: number): readonly RefusalRow[];
  };
  readonly starts: {
    /** Notes that a process, named by 16 random bytes in hex, has opened this journal. */
    begin(instance: string, atMs: number): Start;
  };
  readonly decisions: { now(): Decisions };
  readonly sightings: {
    /** The oldest give way to new ones. */
    record(row: SightingRow): void;
    /** Latest first. */
    latest(limit: number): readonly SightingRow[];
  };
  /** The last head of each incident's records that was signed here. */
  readonly auditHeads: {
    /** Longest last; more than one only where the journals of two copies were brought together. */
    of(incident: string): readonly { readonly count: number; readonly root: Digest }[];
    count(): number;
    /** Takes the place of those before, which it continues. */
    append(incident: string, head: { readonly count: number; readonly root: Digest }, atMs: number): void;
  };
  /** What has to outlive this journal, apart from documents that prove themselves. */
  readonly remembered: {
    all(): Remembered;
    /** Adds what is there and not here; forgets nothing. The caller has judged it. */
    take(remembered: Remembered, atMs: number): void;
  };
  /** Several writes as one: all are on disk when it returns, or none ever is. For what belongs together, at the price of one sync. */
  atOnce<T>(work: () => T): T;
  close(): void;
};
