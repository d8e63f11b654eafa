import { canonicalBytes, type Digest } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import { type Frontier, grown, rootOf } from './merkle.ts';
import {
  type AuditEntry,
  type AuditRecord,
  type AuditScope,
  BY_CHARACTERS_MAX,
  DOCUMENTS_MAX,
  FACTS_BYTES_MAX,
  NO_RECORD,
  RECORD_BYTES_MAX,
  recordDigest,
  RECORDS_MAX,
} from './record.ts';

/** How far a chain has come: all that its next record needs. */
export type ChainState = { readonly count: number; readonly head: Digest; readonly frontier: Frontier };
export const EMPTY_CHAIN: ChainState = { count: 0, head: NO_RECORD, frontier: [] };

/** What validators sign of a chain: its length, its last record, and one root over all of them. */
export type Head = {
  readonly incident: string;
  readonly count: number;
  readonly head: Digest;
  readonly root: Digest;
};

export type ChainRefusal = 'policy.audit-scope' | 'policy.audit-count' | 'policy.audit-previous' | 'input.audit-record';

/** The next record of a chain, and the chain with it. What would be too large is cut here: a record must never stop an emergency. */
export function appended(
  scope: AuditScope,
  state: ChainState,
  { kind, facts, atMs, by, playbook, documents = [] }: AuditEntry,
): { readonly record: AuditRecord; readonly state: ChainState } {
  const record: AuditRecord = {
    version: 1,
    ...scope,
    count: state.count + 1,
    previous: state.head,
    kind,
    facts: bounded(facts),
    atMs,
    by: by.slice(0, BY_CHARACTERS_MAX).toWellFormed(),
    ...(playbook === undefined ? {} : { playbook }),
    // Field by field: what else a message put beside a name is not part of it.
    documents: documents.slice(0, DOCUMENTS_MAX).map(({ what, digest, sizeBytes }) => ({ what, digest, sizeBytes })),
  };
  return { record, state: after(state, record) };
}

const after = (state: ChainState, record: AuditRecord): ChainState => {
  const head = recordDigest(record);
  return { count: record.count, head, frontier: grown(state.frontier, state.count, head) };
};

/** Texts become shorter and lists end earlier until the whole fits; everything that proves something is a digest and stays. */
function bounded(facts: AuditRecord['facts']): AuditRecord['facts'] {
  for (let characters = 2_000; canonicalBytes(facts).length > FACTS_BYTES_MAX && characters > 60; characters /= 2) {
    const most = Math.floor(characters);
    facts = Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [
        name,
        typeof value === 'string'
          ? value.slice(0, most).toWellFormed()
          : Array.isArray(value)
            ? value.slice(0, Math.max(1, Math.floor(most / 10)))
            : (value as unknown),
      ]),
    ) as AuditRecord['facts'];
  }
  return facts;
}

/** Whether this record is the next one of this chain. */
export function judgeNext(
  scope: AuditScope,
  state: ChainState,
  record: AuditRecord,
): Verdict<ChainState, ChainRefusal> {
  const at = `record ${state.count + 1}`;
  if (
    record.environment !== scope.environment ||
    record.network !== scope.network ||
    record.incident !== scope.incident
  ) {
    return refuse(
      'policy.audit-scope',
      `${at} is of ${record.environment}/${record.network} ${record.incident}`.slice(0, 400),
    );
  }
  if (record.count !== state.count + 1) return refuse('policy.audit-count', `${at} is numbered ${record.count}`);
  if (record.previous !== state.head) return refuse('policy.audit-previous', `${at} does not follow the one before it`);
  if (state.count >= RECORDS_MAX) return refuse('input.audit-record', `a chain has at most ${RECORDS_MAX} records`);
  if (canonicalBytes(record).length > RECORD_BYTES_MAX)
    return refuse('input.audit-record', `${at} is larger than ${RECORD_BYTES_MAX} bytes`);
  return accept(after(state, record));
}

/** Walks a whole chain from its first record; the refusal names the first record that is wrong. */
export function verifyChain(
  scope: AuditScope,
  records: readonly AuditRecord[],
): Verdict<readonly ChainState[], ChainRefusal> {
  const states: ChainState[] = [];
  let state = EMPTY_CHAIN;
  for (const record of records) {
    const next = judgeNext(scope, state, record);
    if (!next.ok) return next;
    state = next.value;
    states.push(state);
  }
  return accept(states);
}

/** What is signed of a chain that has a record. */
export function headOf({ incident }: Pick<AuditScope, 'incident'>, state: ChainState): Head | undefined {
  const root = rootOf(state.frontier);
  return root === undefined ? undefined : { incident, count: state.count, head: state.head, root };
}
