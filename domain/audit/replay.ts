import type { Digest } from '../encoding/digest.ts';
import type { Role, Severity } from '../playbook/plan.ts';
import type { AuditFacts, AuditKind, AuditRecord } from './record.ts';

/** Where an incident stood after a number of its records. Plain data, so that two replays can be compared by their bytes. */
export type Replayed = {
  readonly records: number;
  readonly title: string;
  readonly severity: Severity | '';
  readonly openedAtMs: number;
  /** 0: still open. */
  readonly closedAtMs: number;
  /** Empty while it is open. */
  readonly outcome: string;
  readonly roles: Readonly<Partial<Record<Role, string>>>;
  /** By source and name. */
  readonly alerts: Readonly<Record<string, 'firing' | 'resolved'>>;
  /** By the name that votes call them. */
  readonly runs: Readonly<Record<string, ReplayedRun>>;
  /** `<run> <execution of the step>` */
  readonly steps: Readonly<Record<string, ReplayedStep>>;
  /** By subject. */
  readonly approvals: Readonly<Record<Digest, ReplayedApproval>>;
  /** The order with the highest number that validators obeyed, and the uses of grants after it; `untilSeconds` 0: payouts go on. */
  readonly freeze: { readonly order: number; readonly untilSeconds: number };
  readonly keys: readonly { readonly keyset: string; readonly epoch: number }[];
  /** `proven`: a transcript shows that it was signed so; of another one only the coordinator's word is there. */
  readonly transactions: readonly { readonly purpose: string; readonly txid: string; readonly proven: boolean }[];
  /** `proven`: how many of the swept vaults have a transcript. */
  readonly sweeps: readonly (AuditFacts['vaults.swept'] & { readonly proven: number })[];
  readonly committeeEpoch: number;
  /** Entries that were lost on their way into the records. */
  readonly dropped: number;
  /** Moments from which the three times are computed; 0: it has not happened. */
  readonly at: {
    /** When the first alert began where it was seen. */
    readonly begunMs: number;
    readonly detectedMs: number;
    readonly containedMs: number;
    readonly recoveredMs: number;
  };
};
export type ReplayedRun = {
  readonly name: string;
  readonly plan: Digest;
  readonly within: string;
  readonly outcome: 'running' | 'done' | 'failed';
  readonly end: string;
};
export type ReplayedStep = {
  readonly outcome: 'running' | 'finished' | 'skipped' | 'failed' | 'undone';
  readonly does: string;
};
export type ReplayedApproval = {
  readonly step: string;
  readonly outcome: 'open' | 'certified' | 'refused';
  readonly votes: Readonly<Record<'approve' | 'reject' | 'abstain' | 'push-back', number>>;
};

/** The same while it grows, in this module only: copying it for every record would cost the square of their number. */
type Growing = {
  -readonly [Field in keyof Replayed]: Replayed[Field] extends readonly (infer Item)[] ? Item[] : Replayed[Field];
};
type Maps = {
  readonly roles: Map<string, string>;
  readonly alerts: Map<string, 'firing' | 'resolved'>;
  readonly runs: Map<string, ReplayedRun>;
  readonly steps: Map<string, ReplayedStep>;
  readonly approvals: Map<Digest, ReplayedApproval>;
};
/** Maps and not objects: a record may name a run `__proto__`. */
type State = Omit<Growing, keyof Maps | 'at'> &
  Maps & { readonly at: { -readonly [Moment in keyof Replayed['at']]: number } };

type Fold<Kind extends AuditKind> = (state: State, facts: AuditFacts[Kind], record: AuditRecord) => void;

const stepKey = ({ run, key }: { readonly run: string; readonly key: string }): string => `${run} ${key}`;
const NO_VOTES = { approve: 0, reject: 0, abstain: 0, 'push-back': 0 };
const transcriptsOf = ({ documents }: AuditRecord): number =>
  new Set(documents.filter(({ what }) => what === 'ceremony').map(({ digest }) => digest)).size;

/** The first freeze contains the incident; a later one does not contain it again. */
function contain({ at }: State, untilSeconds: number, atMs: number): void {
  if (at.containedMs === 0 && untilSeconds > 0) at.containedMs = atMs;
}

const approvalAt = ({ approvals }: State, subject: Digest, step: string): ReplayedApproval =>
  approvals.get(subject) ?? { step, outcome: 'open', votes: NO_VOTES };

const decide = (
  state: State,
  { subject, step }: { readonly subject: Digest; readonly step: string },
  outcome: ReplayedApproval['outcome'],
): void => void state.approvals.set(subject, { ...approvalAt(state, subject, step), outcome });

const nothing = (): void => undefined;

const FOLDS: { readonly [Kind in AuditKind]: Fold<Kind> } = {
  'incident.opened'(state, { title, severity }, { atMs }) {
    Object.assign(state, { title, severity, openedAtMs: atMs });
    state.at.detectedMs = atMs;
  },
  'alert.joined'({ alerts, at }, { source, alert, startedAtMs = 0 }) {
    alerts.set(`${source} ${alert}`, 'firing');
    at.begunMs = at.begunMs === 0 ? startedAtMs : Math.min(at.begunMs, startedAtMs || at.begunMs);
  },
  'alert.resolved': ({ alerts }, { source, alert }) => void alerts.set(`${source} ${alert}`, 'resolved'),
  'severity.changed'(state, { to }) {
    state.severity = to;
  },
  'role.taken': ({ roles }, { role, holder }) => void roles.set(role, holder),
  'note.added': nothing,
  'notice.sent': nothing,
  'playbook.opened': ({ runs }, { run, name, plan, within }) =>
    void runs.set(run, { name, plan, within: within?.run ?? '', outcome: 'running', end: '' }),
  'playbook.ended'({ runs, at }, { run, outcome, end }, { atMs }) {
    const known = runs.get(run) ?? { name: '', plan: '' as Digest, within: '' };
    runs.set(run, { ...known, outcome, end });
    if (known.within === '' && outcome === 'done') at.recoveredMs = atMs;
  },
  'run.told': nothing,
  'step.started': ({ steps }, facts) => void steps.set(stepKey(facts), { outcome: 'running', does: facts.does ?? '' }),
  'step.ended': ({ steps }, facts) =>
    void steps.set(stepKey(facts), { outcome: facts.outcome, does: facts.does ?? '' }),
  'step.undone'({ steps }, facts) {
    if (facts.outcome === 'finished') steps.set(stepKey(facts), { outcome: 'undone', does: facts.does ?? '' });
  },
  'approval.asked': (state, { subject, step }) => void state.approvals.set(subject, approvalAt(state, subject, step)),
  'vote.counted'(state, { subject, step, choice }) {
    const before = approvalAt(state, subject, step);
    const votes = { ...before.votes, [choice]: before.votes[choice] + 1 };
    state.approvals.set(subject, { ...before, votes });
  },
  'approval.certified': (state, facts) => decide(state, facts, 'certified'),
  'approval.refused': (state, facts) => decide(state, facts, 'refused'),
  'committee.changed'(state, { epoch }) {
    state.committeeEpoch = Math.max(state.committeeEpoch, epoch);
  },
  'order.handed': nothing,
  'order.obeyed'(state, { number, untilSeconds }, { atMs }) {
    if (number >= state.freeze.order) state.freeze = { order: number, untilSeconds };
    contain(state, untilSeconds, atMs);
  },
  'grant.used'(state, { untilSeconds }, { atMs }) {
    state.freeze = { ...state.freeze, untilSeconds: Math.max(state.freeze.untilSeconds, untilSeconds) };
    contain(state, untilSeconds, atMs);
  },
  'key.certified': ({ keys }, { keyset, epoch }) => void keys.push({ keyset, epoch }),
  'transaction.sent': ({ transactions }, { purpose, txid }, record) =>
    void transactions.push({ purpose, txid, proven: transcriptsOf(record) > 0 }),
  'vaults.swept': ({ sweeps }, facts, record) => void sweeps.push({ ...facts, proven: transcriptsOf(record) }),
  'task.asked': nothing,
  'task.answered': nothing,
  'head.signed': nothing,
  'records.dropped'(state, { dropped }) {
    state.dropped += dropped;
  },
  'incident.closed'(state, { outcome }, { atMs }) {
    state.outcome = outcome;
    state.closedAtMs = atMs;
  },
};

/** The state that these records lead to: the same for whoever has the same records. In time that grows as their number does. */
export function replay(records: readonly AuditRecord[]): Replayed {
  const state: State = {
    records: 0,
    title: '',
    severity: '',
    openedAtMs: 0,
    closedAtMs: 0,
    outcome: '',
    roles: new Map(),
    alerts: new Map(),
    runs: new Map(),
    steps: new Map(),
    approvals: new Map(),
    freeze: { order: 0, untilSeconds: 0 },
    keys: [],
    transactions: [],
    sweeps: [],
    committeeEpoch: 0,
    dropped: 0,
    at: { begunMs: 0, detectedMs: 0, containedMs: 0, recoveredMs: 0 },
  };
  for (const record of records) {
    const fold = FOLDS[record.kind] as Fold<AuditKind>;
    fold(state, record.facts, record);
    state.records = record.count;
  }
  const { roles, alerts, runs, steps, approvals } = state;
  return {
    ...state,
    roles: Object.fromEntries(roles),
    alerts: Object.fromEntries(alerts),
    runs: Object.fromEntries(runs),
    steps: Object.fromEntries(steps),
    approvals: Object.fromEntries(approvals),
  };
}
