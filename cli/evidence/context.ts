import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { CoveredStep } from '../../domain/approval/covered.ts';
import type { ChainState } from '../../domain/audit/chain.ts';
import type { AuditDocument, AuditFacts, AuditRecord, DocumentRole } from '../../domain/audit/record.ts';
import type { Authority, Committee } from '../../domain/committee/committee.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import type { GrantUse } from '../../domain/committee/grant-use.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { Plan, Severity } from '../../domain/playbook/plan.ts';
import { require } from '../ceremony/checks.ts';

export type OpenedRun = {
  readonly plan: Plan;
  readonly digest: Digest;
  readonly within: Within | undefined;
  /** Execution of a step → the step. */
  readonly started: Map<string, string>;
  ended: 'done' | 'failed' | undefined;
};
export type Within = NonNullable<AuditFacts['playbook.opened']['within']>;
export type Asked = {
  readonly run: string;
  readonly step: string;
  readonly covers: readonly CoveredStep[];
  /** The committee that was asked. */
  readonly committee: Committee;
  /** Voter → choice, as counted. */
  readonly votes: Map<string, string>;
  certified: boolean;
};

/** What a verifier knows after the records so far: everything in it was checked here. */
export type Context = {
  readonly genesis: NetworkGenesis;
  readonly bytes: ReadonlyMap<Digest, Uint8Array>;
  /** How far the chain had come after each record. */
  readonly states: readonly ChainState[];
  authority: Authority;
  /** That one and those before it, the pinned one first. */
  readonly passed: Authority[];
  readonly runs: Map<string, OpenedRun>;
  readonly asked: Map<Digest, Asked>;
  readonly uses: GrantUse[];
  severity: Severity;
  /** How the outermost run that ended last has ended. */
  outcome: 'done' | 'failed' | undefined;
  /** The highest order that a record says is obeyed, and the highest at which a validator says it stands. */
  obeyed: number;
  standing: number;
  /** Execution → number of the newest command that it obeyed. */
  readonly commands: Map<string, number>;
  closed: boolean;
};

export const freshContext = (
  genesis: NetworkGenesis,
  bytes: ReadonlyMap<Digest, Uint8Array>,
  states: readonly ChainState[],
): Context => ({
  genesis,
  bytes,
  states,
  authority: firstAuthority(genesis),
  passed: [firstAuthority(genesis)],
  runs: new Map(),
  asked: new Map(),
  uses: [],
  severity: 'SEV1',
  outcome: undefined,
  obeyed: 0,
  standing: 0,
  commands: new Map(),
  closed: false,
});

export const namedBy = ({ documents }: AuditRecord, what: DocumentRole): readonly AuditDocument[] =>
  documents.filter((document) => document.what === what);

/** The one document of a kind that a record must name, read strictly. */
export function documentOf<T>(
  context: Context,
  record: AuditRecord,
  what: DocumentRole,
  read: (bytes: Uint8Array, where: string) => T,
): T {
  const [named, ...more] = namedBy(record, what);
  require(named !== undefined && more.length === 0, `it names no ${what}, or several`);
  return read(bytesOf(context, named), what);
}

export function bytesOf({ bytes }: Context, { what, digest }: AuditDocument): Uint8Array {
  const found = bytes.get(digest);
  require(found !== undefined, `its ${what} is not in the bundle`);
  return found;
}

export function runOf({ runs }: Context, run: string): OpenedRun {
  const found = runs.get(run);
  require(found !== undefined, `no playbook was opened as ${run}`.slice(0, 200));
  return found;
}

export const secondsOf = ({ atMs }: AuditRecord): number => Math.floor(atMs / 1_000);

/** A verdict's refusal is why a check fails. */
export function accepted<T>(
  verdict: { ok: true; value: T } | { ok: false; refusal: { code: string; message: string } },
): T {
  if (verdict.ok) return verdict.value;
  throw new FirebreakFailure('policy.evidence', `${verdict.refusal.message} (${verdict.refusal.code})`);
}
