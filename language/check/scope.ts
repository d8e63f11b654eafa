import type { Names, Reference } from '../../domain/playbook/expression.ts';
import type { ValueType } from '../../domain/playbook/value.ts';

/** An approval that was given on every path to here, and what has happened since that could change its meaning. */
export type ApprovalInForce = {
  readonly id: string;
  /** In the order in which they are listed to the members. */
  readonly covers: readonly string[];
  /** Steps whose results were there when the members signed. */
  readonly known: ReadonlySet<string>;
  /** Variables that were set after they signed. */
  readonly changed: ReadonlySet<string>;
  /** How many loops were around it: a covered step in a further loop would be executed more than once. */
  readonly loops: number;
};

/** `anything` for a capability that nobody offers, so that one wrong name is one problem. */
export type Results = Readonly<Record<string, ValueType>> | 'anything';

/** What is certain at one place of the plan, on every path that leads there. */
export type Scope = {
  readonly assigned: ReadonlySet<string>;
  readonly results: ReadonlyMap<string, Results>;
  readonly approvals: readonly ApprovalInForce[];
  /** Items of the loops around here, with what their lists were made of. */
  readonly items: ReadonlyMap<string, { readonly type: ValueType; readonly references: readonly Reference[] }>;
  readonly loops: number;
  /** How often a step here can be executed at most. */
  readonly executions: number;
  /** Runs beside other branches: the run cannot end here. */
  readonly beside: boolean;
  /** No path leads further. */
  readonly ended: boolean;
};

export const EMPTY_SCOPE: Scope = {
  assigned: new Set(),
  results: new Map(),
  approvals: [],
  items: new Map(),
  loops: 0,
  executions: 1,
  beside: false,
  ended: false,
};

/** After alternatives of which one was taken: what all of them, but for those that ended the run, are certain of. */
export function either(before: Scope, after: readonly Scope[]): Scope {
  const going = after.filter((each) => !each.ended);
  const [first, ...others] = going;
  if (first === undefined) return { ...before, ended: true };
  return {
    ...before,
    ended: false,
    assigned: new Set([...first.assigned].filter((name) => others.every((each) => each.assigned.has(name)))),
    results: new Map([...first.results].filter(([id]) => others.every((each) => each.results.has(id)))),
    approvals: first.approvals
      .filter(({ id }) => others.every((each) => each.approvals.some((approval) => approval.id === id)))
      .map((approval) => ({
        ...approval,
        changed: new Set(
          going.flatMap((each) =>
            each.approvals.filter(({ id }) => id === approval.id).flatMap(({ changed }) => [...changed]),
          ),
        ),
      })),
  };
}

/** After branches that all succeeded: what any of them is certain of. */
export function together(before: Scope, after: readonly Scope[]): Scope {
  const approvals = new Map<string, ApprovalInForce>();
  for (const approval of after.flatMap((each) => each.approvals)) {
    const known = approvals.get(approval.id);
    approvals.set(approval.id, {
      ...approval,
      changed: new Set([...(known?.changed ?? []), ...approval.changed]),
    });
  }
  return {
    ...before,
    assigned: new Set(after.flatMap((each) => [...each.assigned])),
    results: new Map(after.flatMap((each) => [...each.results])),
    approvals: [...approvals.values()],
  };
}

/** Variables that were set on some path count as changed for every approval before them, certain or not. */
export const withChanged = (scope: Scope, names: Iterable<string>): Scope => {
  const changed = [...names];
  return {
    ...scope,
    approvals: scope.approvals.map((each) => ({ ...each, changed: new Set([...each.changed, ...changed]) })),
  };
};

const ALERT = {
  name: 'text',
  severity: 'text',
  network: 'text',
  summary: 'text',
  labels: 'map<text>',
} as const satisfies Names;
const INCIDENT = { id: 'text', severity: 'text', network: 'text' } as const satisfies Names;
/** Names that no item of a loop may take. */
export const ROOT_NAMES: ReadonlySet<string> = new Set(['inputs', 'vars', 'steps', 'alert', 'incident', 'result']);
export const ALERT_NAMES: Names = { alert: ALERT };

/** What an expression at this place may name. */
export function namesIn(
  scope: Scope,
  inputs: Readonly<Record<string, { readonly type: ValueType }>>,
  variables: Readonly<Record<string, { readonly type: ValueType }>>,
  result?: Results,
): Names {
  const typesOf = (record: Readonly<Record<string, { readonly type: ValueType }>>): Names =>
    Object.fromEntries(Object.entries(record).map(([name, { type }]) => [name, type]));
  const assigned = Object.entries(variables).filter(([name]) => scope.assigned.has(name));
  return {
    inputs: typesOf(inputs),
    vars: typesOf(Object.fromEntries(assigned)),
    steps: Object.fromEntries(scope.results),
    alert: ALERT,
    incident: INCIDENT,
    ...Object.fromEntries([...scope.items].map(([name, { type }]) => [name, type])),
    ...(result === undefined ? {} : { result }),
  };
}
