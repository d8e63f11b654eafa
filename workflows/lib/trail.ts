import {
  ActivityFailure,
  CancellationScope,
  condition,
  isCancellation,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Recorded } from '../../activities/audit.ts';
import { type ChainState, EMPTY_CHAIN } from '../../domain/audit/chain.ts';
import { type AuditDocument, type AuditEntry, BY_CHARACTERS_MAX } from '../../domain/audit/record.ts';
import { isRecordable, isReportable } from '../../domain/audit/shape.ts';
import { wellFormed } from '../../domain/encoding/well-formed.ts';
import type { FailureCode, Verdict } from '../../domain/errors/failure.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { effects, named } from './effects.ts';
import { reportAudit, trailQuery, type TrailView } from './messages.ts';
import { verdictOf } from './refusal.ts';
import { heardAs } from './refused.ts';

/** What is handed on when the incident continues as new. Plain JSON. */
export type TrailState = {
  chain: ChainState;
  page?: BlobRef;
  signed?: { readonly count: number; readonly document: AuditDocument };
  /** Records since the last signed head, those about heads apart. */
  unsigned: number;
  waiting: AuditEntry[];
  /** Entries that had no room or no shape, since the last one that was written. */
  dropped?: number;
  broken?: FailureCode;
};

export type Trail = {
  /** Never waits and never throws: an emergency does not stop for its records. */
  readonly record: (entry: AuditEntry) => void;
  readonly view: () => TrailView;
  /** Whether something is being written or signed now; an incident continues as new only when it is not. */
  readonly isBusy: () => boolean;
  readonly state: () => TrailState;
  /** Whether what happens from now on would be missing in the evidence. */
  readonly isClosed: () => boolean;
  /** Writes everything, has the head signed if enough validators answer in time, and ends. Nothing is recorded afterwards. */
  readonly seal: () => Promise<TrailView>;
};

/** As many unsigned records, or so long with fewer, and validators are asked to sign. */
const UNSIGNED_MAX = 32;
const UNSIGNED_MS = 600_000;
const SIGN_SECONDS = 10;
/** At the end it is tried so often; what was not signed then is signed by `firebreak evidence export --sign`. */
const SEAL_TRIES = 6;
const SEAL_PAUSE_MS = 20_000;
/** Of one activity; with `FACTS_BYTES_MAX` far below the largest payload. */
const ENTRIES_AT_ONCE = 40;
const WAITING_MAX = 2_000;
/** One try; the blob store of the installation may be what the incident is about. */
const WRITE_MS = 20_000;
const WRITE_PAUSE_MS = 10_000;
const WRITE_PAUSE_MS_MAX = 600_000;
/** At the end: what cannot be written by then stays unwritten, and the view says how much. */
const WRITE_TRIES_AT_END = 3;

/**
 * The one writer of an incident's chain. `room` waits while the history is too long to go on in this execution; `heard` is shown what runs
 * report.
 */
export function keepTrail(
  network: string,
  room: () => Promise<void>,
  carried?: TrailState,
  heard: (entry: AuditEntry) => void = () => undefined,
): Trail {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  const incident = `${workflowId}/${firstExecutionRunId}`;
  const state: TrailState = carried ?? { chain: EMPTY_CHAIN, unsigned: 0, waiting: [] };
  let closing = false;
  let closed = false;
  let busy = 0;

  function record(said: AuditEntry): void {
    if (closed) return;
    const entry = recordable(said, isRecordable);
    if (entry === undefined || state.waiting.length >= WAITING_MAX) {
      state.dropped = (state.dropped ?? 0) + 1;
      return;
    }
    // A message that came before the workflow began is handled first; the chain begins with the opening all the same.
    if (entry.kind === 'incident.opened') state.waiting.unshift(entry);
    else state.waiting.push(entry);
  }

  async function working<T>(work: () => Promise<T>): Promise<T> {
    busy += 1;
    try {
      return await work();
    } finally {
      busy -= 1;
    }
  }

  /** One try; false when nobody could write it in time. */
  async function write(): Promise<boolean> {
    const taken = state.waiting.slice(0, ENTRIES_AT_ONCE);
    await room();
    const { chain, page, dropped = 0 } = state;
    // What is missing is said in the chain itself; its first record is the opening.
    const entries: readonly AuditEntry[] =
      dropped === 0 || chain.count === 0
        ? taken
        : [{ kind: 'records.dropped', facts: { dropped }, atMs: Date.now(), by: 'platform' }, ...taken];
    const written: Verdict<Recorded> | undefined = await working(() =>
      inTime(
        effects.recordAudit.executeWithOptions(
          {
            ...named(`Record ${entries.map(({ kind }) => kind).join(', ')}`),
            scheduleToCloseTimeout: WRITE_MS,
          },
          [{ network, incident, chain, entries, ...(page === undefined ? {} : { before: page }) }],
        ),
      ),
    );
    if (written === undefined) return false;
    if (!written.ok) {
      state.broken = written.refusal.code;
      return true;
    }
    state.chain = written.value.chain;
    state.page = written.value.page;
    state.waiting = state.waiting.slice(taken.length);
    if (entries.length > taken.length) state.dropped = (state.dropped ?? 0) - dropped;
    state.unsigned += entries.filter(({ kind }) => kind !== 'head.signed').length;
    return true;
  }

  async function sign(): Promise<boolean> {
    const { chain, page, unsigned } = state;
    if (page === undefined || state.signed?.count === chain.count) return page !== undefined;
    await room();
    const asked = await working(() =>
      inTime(
        effects.coSignHead.executeWithOptions(
          {
            ...named(`Have ${chain.count} records signed by validators`, SIGN_SECONDS),
            scheduleToCloseTimeout: SIGN_SECONDS * 1_000 + WRITE_MS,
          },
          [{ network, incident, chain, page, seconds: SIGN_SECONDS }],
        ),
      ),
    );
    if (asked?.ok !== true || asked.value.validators.length < asked.value.need) return false;
    const { head, validators, document } = asked.value;
    state.signed = { count: head.count, document };
    state.unsigned = Math.max(0, state.unsigned - unsigned);
    if (!closing) {
      record({
        kind: 'head.signed',
        facts: { count: head.count, head: head.head, root: head.root, validators },
        atMs: Date.now(),
        by: 'validators',
        documents: [document],
      });
    }
    return true;
  }

  const writing = async (): Promise<void> => {
    let failures = 0;
    while (state.broken === undefined) {
      await condition(() => state.waiting.length > 0 || closed);
      if (state.waiting.length === 0) return;
      if (await write()) {
        failures = 0;
        continue;
      }
      failures += 1;
      const wasClosed = closed;
      if (wasClosed && failures >= WRITE_TRIES_AT_END) return;
      const pauseMs = Math.min(WRITE_PAUSE_MS_MAX, WRITE_PAUSE_MS * 2 ** (failures - 1));
      // Nothing is under way meanwhile: the incident may go on in another execution, which tries again.
      await condition(() => closed !== wasClosed, pauseMs, {
        summary: 'Until the records are tried to be written again',
      });
      if (closed !== wasClosed) failures = 0;
    }
  };
  const signing = async (): Promise<void> => {
    while (!closing) {
      await condition(() => state.unsigned > 0 || closing);
      if (closing) return;
      await condition(() => state.unsigned >= UNSIGNED_MAX || closing, UNSIGNED_MS, {
        summary: 'Until the newest records are signed by validators',
      });
      if (!closing && !(await sign()))
        await condition(() => closing, UNSIGNED_MS, { summary: 'Until validators are asked again to sign' });
    }
  };

  const view = (): TrailView => ({
    incident,
    count: state.chain.count,
    head: state.chain.head,
    ...(state.page === undefined ? {} : { page: state.page }),
    ...(state.signed === undefined ? {} : { signed: state.signed }),
    waiting: state.waiting.length,
    ...(state.broken === undefined ? {} : { broken: state.broken }),
  });
  const report = (said: unknown): void => {
    const entries = heardAs('reportAudit', said, listOfReports);
    for (const each of entries ?? []) {
      const entry = heardAs('reportAudit', each, (one) => recordable(one, isReportable));
      // A worker of an earlier build knew no `playbook`, and dropped the entry.
      if (entry !== undefined && (entry.playbook === undefined || patched('records-name-their-playbook'))) {
        record(entry);
        heard(entry);
      } else if (!closed) state.dropped = (state.dropped ?? 0) + 1;
    }
  };
  setHandler(reportAudit, report, {
    description: 'What a run of this incident adds to its evidence.',
  });
  setHandler(trailQuery, view, { description: 'How far the evidence of this incident has come, and where it lies.' });
  // A click on `cancel` ends no record.
  const background = CancellationScope.nonCancellable(() => Promise.all([writing(), signing()]));

  return {
    record,
    view,
    isBusy: () => busy > 0,
    state: () => state,
    isClosed: () => closed,
    seal: () =>
      CancellationScope.nonCancellable(async () => {
        closing = true;
        closed = true;
        await background;
        // What could not even be written is not waited for a second time.
        const most = state.waiting.length === 0 ? SEAL_TRIES : 1;
        for (let tries = 1; state.broken === undefined && !(await sign()) && tries < most; tries += 1)
          await condition(() => false, SEAL_PAUSE_MS, { summary: 'Until more validators answer' });
        return view();
      }),
  };
}

/** As the chain can take it: every text has a UTF-8 form, no name is too long. Undefined: it has no shape that a reader would take. */
function recordable(said: unknown, is: (entry: unknown) => entry is AuditEntry): AuditEntry | undefined {
  try {
    const entry = wellFormed(said) as AuditEntry;
    const bounded = { ...entry, by: entry.by.slice(0, BY_CHARACTERS_MAX).toWellFormed() };
    return is(bounded) ? bounded : undefined;
  } catch {
    return undefined;
  }
}

/** More in one message than any run sends has not come from one. */
const REPORTS_MAX = 100;
const listOfReports = (said: unknown): readonly unknown[] | undefined =>
  Array.isArray(said) && said.length <= REPORTS_MAX ? said : undefined;

/** A no of the effect is a value; undefined when nobody carried it out in its time. */
async function inTime<T>(effect: Promise<T>): Promise<Verdict<T> | undefined> {
  try {
    return await verdictOf(effect);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return undefined;
  }
}
