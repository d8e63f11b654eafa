import type { OrderState, SignedOrder } from '../../domain/committee/order.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { FailureCode } from '../../domain/errors/failure.ts';
import type { KeyState } from '../../domain/ceremony/ceremony.ts';
import type { Envelope } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { FrozenBy } from './frozen-by.ts';
import type { News } from './news.ts';

/** initialising → syncing → joining → ready ⇄ degraded → draining; halted needs a person. */
export type AgentState = 'initialising' | 'syncing' | 'joining' | 'ready' | 'degraded' | 'draining' | 'halted';

export type SessionReport = {
  readonly ceremony: string;
  readonly kind: 'keygen' | 'selftest' | 'signing';
  /** Journal steps in the order they became durable, with the wall clock of this validator. */
  readonly steps: readonly { readonly step: string; readonly atMs: number; readonly detail?: string }[];
  readonly signers?: readonly number[];
};

/** Why a message was dropped; the metric `firebreak_messages_dropped_total{reason}`. */
export type DropReason =
  | 'duplicate'
  | 'stale'
  | 'oversized'
  | 'unsigned'
  | 'unlisted'
  | 'malformed'
  | 'environment'
  | 'version';

/**
 * The custody validator without transport, HTTP or process: everything that decides lives behind these calls.
 * It never trusts who carries a message; `peer` is the authenticated host identity (Ed25519 hex) for counting and allow-listing.
 */
export type CustodyAgent = {
  /** One wire Request in, one wire Response out; a refusal is a Response, an exception is a bug. */
  handle(request: Uint8Array, peer: string): Promise<Uint8Array>;
  /** Gossip: `accept` forwards it, `ignore` is old news, a DropReason is dropped and counted. */
  hear(announcement: Uint8Array, peer: string): Promise<'accept' | 'ignore' | DropReason>;
  /** A signed status that a peer was asked for: whose it is and which process spoke; undefined when it is none of the roster. */
  hearStatus(statement: Envelope): HeardStatus | undefined;
  /** Keeps what a validator says that it has locked, page by page; false when that is more than anybody honest holds. */
  hearLocks(from: ValidatorId, proposals: readonly Uint8Array[], isFirst: boolean): boolean;
  /** Another process spoke with this identity lately: what it signed is not known here. */
  isDoubted(): boolean;
  /** The signed liveness announcement of this moment. */
  announce(): Uint8Array;
  /** Verifies, journals and returns the new state; the caller gossips it. */
  obey(order: SignedOrder): Promise<OrderState>;
  /** Called by the outer state machine; ceremonies other than orders and status are refused unless `ready` or `degraded` allows them. */
  setState(state: AgentState, reasons: readonly string[]): void;
  report(): AgentReport;
  /** How many freezes of the freeze quorum alone would still be obeyed in a row. */
  freezesLeft(): number;
  session(ceremony: string): SessionReport | undefined;
  sessions(limit: number): readonly SessionReport[];
  /** Called with what was newly obeyed, however it arrived: an order, a use of a grant, a committee. */
  onNews(listener: (news: News) => void): void;
  /** Called with a validator that says it obeys a later committee: what it knows should be asked for. */
  onBehind(listener: (validator: ValidatorId) => void): void;
  stop(): Promise<void>;
};

/** `instance`: the name of the process, undefined from a build that does not say. */
export type HeardStatus = { readonly from: ValidatorId; readonly instance: string | undefined };

/** One host identity that spoke from two processes at one time, as this validator has seen it. */
export type SightingReport = {
  readonly validator: ValidatorId;
  /** Processes that were told apart. */
  readonly addresses: number;
  /** 1 while their memories agree, 2 when they have forked. */
  readonly journals: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Seen within the last minute. */
  readonly isNow: boolean;
  /** How often it began since the start of this process. */
  readonly times: number;
  /** Two statements that the accused signed. */
  readonly proof: readonly [Envelope, Envelope];
};

export type AgentReport = {
  readonly state: AgentState;
  readonly reasons: readonly string[];
  readonly orders: OrderState;
  /** What set the present end of the freeze, also when it is over; absent while nothing ever froze payouts. */
  readonly frozenBy?: FrozenBy;
  /** The committee that is obeyed now. */
  readonly committee: { readonly epoch: number; readonly digest: Digest };
  /** Uses of grants in the journal. */
  readonly grantUses: number;
  /** Of these, uses of break-glass that froze: one that an order had overtaken when it came is nobody's to review. */
  readonly breakGlassUses: number;
  /** Orders and epochs in the journal that a committee signed beside another of the same number. */
  readonly doubleSigned: number;
  /** What payouts were signed away in the present window, and what may be. */
  readonly outflow: { readonly signedSats: number; readonly capSats: number };
  readonly keysets: readonly {
    readonly keyset: string;
    readonly epoch: number;
    readonly state: KeyState;
    /** Who has a share of it; this validator only if it is among them. */
    readonly participants: readonly ValidatorId[];
    /** Empty without a share. */
    readonly publicKeyShare: string;
    readonly combinedPublicKey: string;
  }[];
  readonly counters: {
    readonly signaturesSigned: number;
    readonly signaturesFailed: number;
    readonly requestsActive: number;
    readonly refusals: Readonly<Record<FailureCode, number>>;
    readonly dropped: Readonly<Record<string, number>>;
  };
  readonly lastSignatureAtMs: number | undefined;
  /** Identities that ran twice in the last day. */
  readonly sightings: readonly SightingReport[];
};
