import { CancellationScope, getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import type { AuditEntry, AuditFacts, AuditKind } from '../../domain/audit/record.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import { orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { wellFormed } from '../../domain/encoding/well-formed.ts';
import { effects, named } from '../lib/effects.ts';
import { committeeChanged } from '../lib/following.ts';
import { verdictOf } from '../lib/refusal.ts';
import { reportAudit } from '../lib/messages.ts';
import type { Told } from './messages.ts';
import type { Results, Run } from './run.ts';

/** Entries of one message to the incident. What nobody waits for is sent along with what follows it. */
const ENTRIES_AT_ONCE = 16;
/** Longer than this nobody waits for the blob store. */
const KEEP_MS = 20_000;
/** Values up to this size stand in the record itself; larger ones are a document. */
const INLINE_BYTES_MAX = 2_048;

/**
 * Whether a run has an incident around it that keeps records: a run by itself has none to tell. The root need not be the incident: where an
 * alert opened it, the root is the record of the alert.
 */
export const isRecorded = (): boolean => workflowInfo().root !== undefined;

type Said = Partial<Pick<AuditEntry, 'by' | 'documents' | 'enclosed'>> & {
  /** False: it may wait for the next entry, because nobody acts on it. */
  readonly now?: boolean;
  /** False: it comes before the run is opened, and names no plan that no reader knows yet. */
  readonly isOfRun?: boolean;
};

/** Hands one entry to the incident of the run. It waits for nothing and fails nothing: the run goes on with or without its records. */
export function record<Kind extends AuditKind>(
  run: Run,
  kind: Kind,
  facts: AuditFacts[Kind],
  { by = 'platform', documents, enclosed, now = true, isOfRun = true }: Said = {},
): void {
  if (!isRecorded()) return;
  const unsent = (run.state.unsent ??= []);
  unsent.push(
    wellFormed({
      kind,
      facts,
      atMs: Date.now(),
      by,
      ...(isOfRun ? { playbook: run.input.playbook } : {}),
      ...(documents === undefined ? {} : { documents }),
      ...(enclosed === undefined ? {} : { enclosed }),
    } as AuditEntry),
  );
  if (now || unsent.length >= ENTRIES_AT_ONCE) void sendRecords(run);
}

const sending = new WeakMap<Run, Promise<void>>();

/** Until the incident has been told everything. A click on `cancel` does not end it. */
export function sendRecords(run: Run): Promise<void> {
  const going = sending.get(run) ?? CancellationScope.nonCancellable(() => sendAll(run));
  sending.set(run, going);
  return going;
}

async function sendAll(run: Run): Promise<void> {
  const { state, input } = run;
  // Whatever is said in this very moment goes along.
  await Promise.resolve();
  for (let entries = next(run); entries.length > 0; entries = next(run)) {
    await run.room();
    run.inFlight += 1;
    try {
      const sent = await Promise.all(entries.map(stored));
      await getExternalWorkflowHandle(input.incident.id).signal(reportAudit, sent);
    } catch {
      // An incident that is over takes no records any more.
    }
    run.inFlight -= 1;
    state.unsent = (state.unsent ?? []).slice(entries.length);
  }
  sending.delete(run);
}

const next = ({ state }: Run): readonly AuditEntry[] => (state.unsent ?? []).slice(0, ENTRIES_AT_ONCE);

/** The documents of an entry lie in the blob store before the message leaves: it carries their names only. */
async function stored({ enclosed, ...entry }: AuditEntry): Promise<AuditEntry> {
  if (enclosed === undefined || enclosed.length === 0) return entry;
  // A blob store that fails costs the record its documents and nobody else anything: the end of the run is told behind this.
  return keep(entry, enclosed).catch(() => entry);
}

async function keep(entry: AuditEntry, enclosed: NonNullable<AuditEntry['enclosed']>): Promise<AuditEntry> {
  const what = enclosed.map((each) => each.what).join(', ');
  const kept = await verdictOf(
    effects.keepDocuments.executeWithOptions(
      { ...named(`Store for the record: ${what}`), scheduleToCloseTimeout: KEEP_MS },
      [enclosed],
    ),
  );
  return kept.ok ? { ...entry, documents: [...(entry.documents ?? []), ...kept.value] } : entry;
}

/** Results, answers or inputs: in the record if they are small, else as a document beside it. */
export const valuesSaid = (
  what: 'results' | 'answers' | 'inputs',
  values: Results,
): { readonly values?: Results; readonly enclosed?: NonNullable<AuditEntry['enclosed']> } =>
  canonicalBytes(wellFormed(values)).length <= INLINE_BYTES_MAX ? { values } : { enclosed: [{ what, value: values }] };

export const recordOrder = (run: Run, signed: SignedOrder): void =>
  record(
    run,
    'order.handed',
    { kind: signed.order.kind, number: signed.order.number, order: orderDigest(signed.order) },
    { by: 'committee', enclosed: [{ what: 'order', value: signed }] },
  );

export const recordEpoch = (run: Run, signed: SignedEpoch, isOfRun = true): void => {
  const { kind, facts, ...said } = committeeChanged(signed);
  record(run, kind, facts, { ...said, isOfRun });
};

export const recordTold = (run: Run, what: AuditFacts['run.told']['what'], { by, reason }: Told): void =>
  record(run, 'run.told', { run: run.name, what, reason }, { by });

type Commanded = {
  readonly command: { readonly command: string; readonly arguments: { readonly reason: string } };
  readonly signature: { readonly member: string };
};
export const recordCommand = (run: Run, signed: Commanded): void => {
  const { command, signature } = signed;
  const what = command.command === 'resume' ? 'resume' : 'undo';
  record(
    run,
    'run.told',
    { run: run.name, what, reason: command.arguments.reason },
    { by: signature.member, enclosed: [{ what: 'command', value: signed }] },
  );
};

/** The first entries of a run: under which committee, what it executes and with which inputs, and what it was handed at its start. */
export function recordOpening(run: Run): void {
  const { input, plan, inputs, name, state } = run;
  const { within, endorsement, epochs = [], orders = [] } = input;
  // A run inside of another was handed what that one has recorded already.
  const isOutermost = within === undefined;
  for (const epoch of state.epochs.slice(isOutermost ? 0 : epochs.length)) recordEpoch(run, epoch, false);
  const { values, enclosed = [] } = valuesSaid('inputs', inputs as Results);
  record(
    run,
    'playbook.opened',
    {
      run: name,
      name: plan.name,
      plan: input.playbook,
      ...(values === undefined ? {} : { values }),
      ...(within === undefined ? {} : { within }),
    },
    {
      documents: [{ what: 'plan', digest: input.plan.digest, sizeBytes: input.plan.sizeBytes }],
      enclosed: [
        ...enclosed,
        ...(endorsement === undefined ? [] : [{ what: 'endorsement', value: endorsement } as const]),
      ],
    },
  );
  if (isOutermost) for (const order of orders) recordOrder(run, order);
}

/** The last entry of a run; it ends when the incident has been told. */
export async function recordEnd(run: Run, outcome: 'done' | 'failed', end: string): Promise<void> {
  record(run, 'playbook.ended', { run: run.name, outcome, end });
  await sendRecords(run);
}
