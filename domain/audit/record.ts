import { canonicalBytes, type Digest, documentDigest, sha256Hex, TAGS } from '../encoding/digest.ts';
import type { Environment } from '../network/network.ts';
import type { Role, Severity } from '../playbook/plan.ts';
import type { PlanValue } from '../playbook/value.ts';

type Values = Readonly<Record<string, PlanValue>>;

/** What a record says, by its kind. JSON with whole numbers; a value larger than `FACTS_BYTES_MAX` becomes a document. */
export type AuditFacts = {
  'incident.opened': { readonly title: string; readonly severity: Severity };
  /** `alert`: the name under which its source knows it; `atMs`: when it began there. */
  'alert.joined': {
    readonly alert: string;
    readonly source: string;
    readonly summary: string;
    readonly startedAtMs?: number;
  };
  'alert.resolved': { readonly alert: string; readonly source: string };
  'severity.changed': { readonly from: Severity; readonly to: Severity; readonly reason: string };
  'role.taken': { readonly role: Role; readonly holder: string };
  'note.added': { readonly text: string };
  'notice.sent': {
    readonly notice: string;
    readonly confirmed: readonly string[];
    readonly silent: readonly string[];
  };

  'playbook.opened': {
    readonly run: string;
    readonly name: string;
    readonly plan: Digest;
    /** Inputs; absent when they are a document. */
    readonly values?: Values;
    /** The run and step around it. */
    readonly within?: { readonly run: string; readonly step: string };
  };
  'playbook.ended': { readonly run: string; readonly outcome: 'done' | 'failed'; readonly end: string };
  'run.told': { readonly run: string; readonly what: 'stop' | 'undo' | 'close' | 'resume'; readonly reason: string };
  'step.started': StepFacts & { readonly effect: 'none' | 'reversible' | 'irreversible' };
  'step.ended': StepFacts & {
    readonly outcome: 'finished' | 'skipped' | 'failed';
    /** Results; absent when they are a document or there are none. */
    readonly values?: Values;
    /** Subject of the certificate under which it was executed. */
    readonly approval?: Digest;
    /** Of the refusal. */
    readonly code?: string;
  };
  'step.undone': StepFacts & { readonly outcome: 'finished' | 'failed'; readonly code?: string };

  'approval.asked': {
    readonly run: string;
    readonly step: string;
    readonly subject: Digest;
    readonly class: string;
    readonly need: number;
  };
  'vote.counted': {
    readonly run: string;
    readonly step: string;
    readonly subject: Digest;
    readonly voter: string;
    readonly choice: 'approve' | 'reject' | 'abstain' | 'push-back';
  };
  'approval.certified': { readonly run: string; readonly step: string; readonly subject: Digest };
  'approval.refused': { readonly run: string; readonly step: string; readonly subject: Digest; readonly code: string };
  'committee.changed': { readonly epoch: number; readonly committee: Digest };

  'order.handed': { readonly kind: 'freeze' | 'lift'; readonly number: number; readonly order: Digest };
  /** Validators that said, signed, that they stand at this order now; `untilSeconds` 0: payouts may go on. */
  'order.obeyed': { readonly number: number; readonly untilSeconds: number; readonly validators: readonly number[] };
  'grant.used': {
    readonly grant: Digest;
    readonly use: Digest;
    readonly untilSeconds: number;
    readonly validators: readonly number[];
  };
  'key.certified': {
    readonly run: string;
    readonly step: string;
    readonly keyset: string;
    readonly epoch: number;
  };
  /** `payout` or `sweep`. */
  'transaction.sent': {
    readonly purpose: string;
    readonly txid: string;
    readonly vault?: string;
  };
  'vaults.swept': {
    readonly fromEpoch: number;
    readonly toEpoch: number;
    readonly vaults: number;
    readonly swept: number;
  };

  'task.asked': { readonly run: string; readonly step: string; readonly role: Role };
  /** Without `values` the answers are a document. */
  'task.answered': { readonly run: string; readonly step: string; readonly values?: Values };

  /** An earlier head of this very chain, and who had signed it. */
  'head.signed': {
    readonly count: number;
    readonly head: Digest;
    readonly root: Digest;
    readonly validators: readonly number[];
  };
  /** Entries that were lost since the record before: there was no room for them, or they had no shape. */
  'records.dropped': { readonly dropped: number };
  'incident.closed': { readonly outcome: string };
};
export type AuditKind = keyof AuditFacts;

/** Where in a run: `key` tells the executions of one step in a loop apart. */
type StepFacts = {
  readonly run: string;
  readonly step: string;
  readonly key: string;
  /** Of the action, workflow, playbook or probe; absent for steps that only decide. */
  readonly does?: string;
};

/** What a record refers to, by the digest of its bytes in the blob store; an export carries those bytes. */
export const DOCUMENT_ROLES = [
  'plan',
  'endorsement',
  'inputs',
  'results',
  'answers',
  'alert',
  'request',
  'proof',
  'epoch',
  'command',
  'order',
  'grant',
  'grant-use',
  'key-certificate',
  'ceremony',
  'statements',
  'heads',
  'notice',
  'attachment',
] as const;
export type DocumentRole = (typeof DOCUMENT_ROLES)[number];
export type AuditDocument = { readonly what: DocumentRole; readonly digest: Digest; readonly sizeBytes: number };

/** One thing that happened, before it has a place in the chain. */
export type AuditEntry = {
  [Kind in AuditKind]: {
    readonly kind: Kind;
    readonly facts: AuditFacts[Kind];
    /** Unix milliseconds, by the clock of the workflow that saw it. */
    readonly atMs: number;
    /** Whose doing: a voter id, what a person called themselves, `validators`, or `platform`. */
    readonly by: string;
    /** Of the plan that the run executes whose doing it is; absent for what the incident itself does. */
    readonly playbook?: Digest;
    readonly documents?: readonly AuditDocument[];
    /** Documents that nobody has stored yet: whoever writes the record stores them first. */
    readonly enclosed?: readonly { readonly what: DocumentRole; readonly value: unknown }[];
  };
}[AuditKind];

/** Which chain: an incident of a network, by its workflow and the first execution of it. */
export type AuditScope = { readonly environment: Environment; readonly network: string; readonly incident: string };

/** One link. What is hashed is its RFC 8785 form; `previous` binds every record before it. */
export type AuditRecord = AuditScope & {
  readonly version: 1;
  /** From 1. */
  readonly count: number;
  /** `recordDigest` of the record before; of the first one, `NO_RECORD`. */
  readonly previous: Digest;
  readonly kind: AuditKind;
  readonly facts: AuditFacts[AuditKind];
  readonly atMs: number;
  readonly by: string;
  /** Of the plan of the run that reported it; absent for what the incident itself said, and in records of earlier builds. */
  readonly playbook?: Digest;
  readonly documents: readonly AuditDocument[];
};

export const NO_RECORD = '0'.repeat(64) as Digest;
/** Of one record's RFC 8785 form. */
export const RECORD_BYTES_MAX = 16_384;
export const FACTS_BYTES_MAX = 8_192;
export const DOCUMENTS_MAX = 20;
/** An incident that fills this has another problem; nothing is recorded behind it. */
export const RECORDS_MAX = 20_000;
export const BY_CHARACTERS_MAX = 200;

export const recordDigest = (record: AuditRecord): Digest => documentDigest(TAGS.auditRecord, record);

/** Names a JSON document as the blob store will: SHA-256 of its RFC 8785 bytes. */
export function documentOf(what: DocumentRole, value: unknown): AuditDocument {
  const bytes = canonicalBytes(value);
  return { what, digest: sha256Hex(bytes), sizeBytes: bytes.length };
}
