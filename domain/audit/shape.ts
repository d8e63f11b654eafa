import { isHex } from '../encoding/hex.ts';
import { ROLES, SEVERITIES } from '../playbook/plan.ts';
import { type AuditEntry, type AuditFacts, type AuditKind, DOCUMENT_ROLES, DOCUMENTS_MAX } from './record.ts';

type Is = (value: unknown) => boolean;
type Fields = Readonly<Record<string, Is>>;

export const TEXT_CHARACTERS_MAX = 8_192;
/** Blobs are far smaller; a size that no machine writes is somebody's. */
export const DOCUMENT_BYTES_MAX = 1_073_741_824;
/** The end of the year 9999 in Unix milliseconds: a later moment has no date that a reader could be shown. */
export const AT_MS_MAX = 253_402_300_799_999;
const NAMES_MAX = 200;
const VALUES_MAX = 128;
const VALIDATORS_MAX = 255;
const VALIDATOR_ID_MAX = 65_535;
/** Of an entry; its record keeps the first `DOCUMENTS_MAX`. */
const ENTRY_DOCUMENTS_MAX = 1_000;

/** Lone surrogates have no UTF-8 form, and with it no digest of their own. */
const text: Is = (value) => typeof value === 'string' && value.length <= TEXT_CHARACTERS_MAX && value.isWellFormed();
const digest: Is = (value) => typeof value === 'string' && isHex(value, 32);
const whole: Is = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const optional =
  (is: Is): Is =>
  (value) =>
    value === undefined || is(value);
const oneOf = (...names: readonly string[]): Is =>
  (
    (known) => (value) =>
      known.has(value)
  )(new Set<unknown>(names));
const listOf =
  (is: Is, most: number): Is =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(is);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first field that is missing, of another shape or not known; `''` for what is no object; undefined: all hold. */
function faultOf(fields: Fields, value: unknown): string | undefined {
  if (!isObject(value)) return '';
  const stranger = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  return stranger ?? Object.keys(fields).find((name) => fields[name]?.(value[name]) !== true);
}
const shaped =
  (fields: Fields): Is =>
  (value) =>
    faultOf(fields, value) === undefined;

const scalar: Is = (value) => text(value) || Number.isSafeInteger(value) || typeof value === 'boolean';
const values: Is = optional(
  (value) =>
    isObject(value) &&
    Object.entries(value).every(
      ([name, each]) => name !== '__proto__' && text(name) && (scalar(each) || listOf(scalar, VALUES_MAX)(each)),
    ),
);
const texts = listOf(text, NAMES_MAX);
const validators = listOf(
  (value) => whole(value) && (value as number) >= 1 && (value as number) <= VALIDATOR_ID_MAX,
  VALIDATORS_MAX,
);
const severity = oneOf(...SEVERITIES);
const role = oneOf(...ROLES);
const step = { run: text, step: text };
const execution = { ...step, key: text, does: optional(text) };
const decision = { ...step, subject: digest };
const code = optional(text);

/** One strict shape per kind: a field that we skipped would be one that somebody believed in. */
const SHAPES: {
  readonly [Kind in AuditKind]: { readonly [Field in keyof Required<AuditFacts[Kind]>]: Is };
} = {
  'incident.opened': { title: text, severity },
  'alert.joined': { alert: text, source: text, summary: text, startedAtMs: optional(whole) },
  'alert.resolved': { alert: text, source: text },
  'severity.changed': { from: severity, to: severity, reason: text },
  'role.taken': { role, holder: text },
  'note.added': { text },
  'notice.sent': { notice: text, confirmed: texts, silent: texts },
  'playbook.opened': { run: text, name: text, plan: digest, values, within: optional(shaped(step)) },
  'playbook.ended': { run: text, outcome: oneOf('done', 'failed'), end: text },
  'run.told': { run: text, what: oneOf('stop', 'undo', 'close', 'resume'), reason: text },
  'step.started': { ...execution, effect: oneOf('none', 'reversible', 'irreversible') },
  'step.ended': {
    ...execution,
    outcome: oneOf('finished', 'skipped', 'failed'),
    values,
    approval: optional(digest),
    code,
  },
  'step.undone': { ...execution, outcome: oneOf('finished', 'failed'), code },
  'approval.asked': { ...decision, class: text, need: whole },
  'vote.counted': { ...decision, voter: text, choice: oneOf('approve', 'reject', 'abstain', 'push-back') },
  'approval.certified': decision,
  'approval.refused': { ...decision, code: text },
  'committee.changed': { epoch: whole, committee: digest },
  'order.handed': { kind: oneOf('freeze', 'lift'), number: whole, order: digest },
  'order.obeyed': { number: whole, untilSeconds: whole, validators },
  'grant.used': { grant: digest, use: digest, untilSeconds: whole, validators },
  'key.certified': { ...step, keyset: text, epoch: whole },
  'transaction.sent': { purpose: text, txid: digest, vault: optional(text) },
  'vaults.swept': { fromEpoch: whole, toEpoch: whole, vaults: whole, swept: whole },
  'task.asked': { ...step, role },
  'task.answered': { ...step, values },
  'head.signed': { count: whole, head: digest, root: digest, validators },
  'records.dropped': { dropped: whole },
  'incident.closed': { outcome: oneOf('done', 'closed', 'failed') },
};
export const AUDIT_KINDS = Object.keys(SHAPES) as readonly AuditKind[];

/** Of the facts of a kind: the first field that does not have its shape; undefined when all have. */
export const factsFault = (kind: AuditKind, facts: unknown): string | undefined => faultOf(SHAPES[kind], facts);

const documents = optional(
  listOf(
    shaped({
      what: oneOf(...DOCUMENT_ROLES),
      digest,
      sizeBytes: (value) => whole(value) && (value as number) <= DOCUMENT_BYTES_MAX,
    }),
    ENTRY_DOCUMENTS_MAX,
  ),
);
const ENTRY: Fields = {
  kind: oneOf(...AUDIT_KINDS),
  facts: isObject,
  atMs: (value) => whole(value) && (value as number) <= AT_MS_MAX,
  by: text,
  playbook: optional(digest),
  documents,
  enclosed: optional(listOf(shaped({ what: oneOf(...DOCUMENT_ROLES), value: () => true }), DOCUMENTS_MAX)),
};

/** Whether this is an entry whose facts have exactly the shape of its kind. Anything else would make the whole chain unreadable. */
export const isRecordable = (entry: unknown): entry is AuditEntry =>
  shaped(ENTRY)(entry) && factsFault((entry as AuditEntry).kind, (entry as AuditEntry).facts) === undefined;

/** What only the incident itself says, because it alone knows it. */
export const OF_THE_INCIDENT: ReadonlySet<AuditKind> = new Set<AuditKind>([
  'incident.opened',
  'alert.joined',
  'alert.resolved',
  'severity.changed',
  'role.taken',
  'note.added',
  'head.signed',
  'records.dropped',
  'incident.closed',
]);

/** Whether a run may add this to the records of its incident: an entry about a run, whose documents are stored already. */
export const isReportable = (entry: unknown): entry is AuditEntry =>
  isRecordable(entry) && !OF_THE_INCIDENT.has(entry.kind) && entry.enclosed === undefined;
