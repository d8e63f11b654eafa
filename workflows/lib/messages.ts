import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AuditDocument, AuditEntry } from '../../domain/audit/record.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { FailureCode } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';

/** What every process answers, for clients: they import `messages.ts` files and nothing else of this room. */
export { type AwaitingRole, type Progress, progressQuery } from './progress.ts';

/** What a run tells the incident that it belongs to; one message may carry several entries, oldest first. */
export const reportAudit = defineSignal<[readonly AuditEntry[]]>('reportAudit');

/** Asks validators which committee they follow, and goes by it from now on: of a hand-over that an incident or a run has not heard of. */
export const followCommittee = defineUpdate<{ readonly epoch: number }>('followCommittee');

/** How far the evidence of an incident has come, and where its newest page and signed head lie. */
export type TrailView = {
  /** Name of the chain: the incident's workflow and its first execution. */
  readonly incident: string;
  readonly count: number;
  readonly head: Digest;
  readonly page?: BlobRef;
  /** The last head that enough validators have signed. */
  readonly signed?: { readonly count: number; readonly document: AuditDocument };
  /** Entries that are not written yet. */
  readonly waiting: number;
  /** Why nothing can be written any more. */
  readonly broken?: FailureCode;
};
export const trailQuery = defineQuery<TrailView>('trail');
