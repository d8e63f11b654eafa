import type { AuditEntry } from '../../domain/audit/record.ts';
import type { CertifiedOutput } from '../../domain/approval/covered.ts';
import { type Execution, judgeExecution, judgeVotes, type Proof } from '../../domain/approval/execution.ts';
import { outputsOf } from '../../domain/approval/sweep.ts';
import type { ActionClass, Authority } from '../../domain/committee/committee.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import type { SignedOrder } from '../../domain/committee/order.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { failureOf, FirebreakFailure, type Refusal } from '../../domain/errors/failure.ts';
import { offered } from '../../domain/playbook/catalogue.ts';
import type { Effect } from '../../domain/playbook/plan.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { parseKeyCertificate } from '../../wire/documents/index.ts';
import { type Attempt, attempt } from '../attempt.ts';
import { storeEnclosed } from '../audit-documents.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import {
  type AskedOrder,
  type Bindings,
  needsOrder,
  type PreparedProcess,
  type Values,
  type Witnessed,
} from './binding.ts';
import { committeeFollowed, committeesOf } from './committees.ts';
import { requireNetwork, requireShape } from './shape.ts';

/** The step that wants something done, and the approval by which it may, if the plan asks for one. */
type Asked = {
  readonly step: string;
  /** The approval that the plan asks for before this step, whether or not it has been given. */
  readonly coveredBy?: string;
  readonly approval?: {
    readonly step: string;
    readonly class: string;
    readonly quorum?: number;
    readonly proof: Proof;
  };
  /** Certificates of the keys that steps of this run have made: named here, believed for their signatures alone. */
  readonly made?: readonly BlobRef[];
};
type Whose = {
  readonly network: string;
  readonly run: string;
  readonly playbook: Digest;
  readonly epochs: readonly SignedEpoch[];
};

export type PerformInput = Whose & {
  readonly action: string;
  readonly arguments: Values;
  readonly asked: Asked;
  /** The name of the effect, the same for every try. */
  readonly key: string;
  /** Unix milliseconds at which the step began; absent in runs of older builds. */
  readonly sinceMs?: number;
  readonly orders: readonly SignedOrder[];
  readonly seconds: number;
  /** The longest silence of one try; absent: any. */
  readonly silenceMs?: number;
};

/** `no` with `again`: trying the same later may help. `order`: a signed order is needed first. */
export type Performed =
  | {
      readonly outcome: 'done';
      readonly results: Values;
      /** For the records of the incident; documents are stored. Absent: nothing that the results do not say. */
      readonly witnessed?: readonly Omit<AuditEntry, 'atMs' | 'enclosed'>[];
      /** Orders that the committee was asked for and that nothing waits for. */
      readonly asks?: readonly AskedOrder[];
    }
  | { readonly outcome: 'no'; readonly refusal: Refusal; readonly again: boolean }
  | { readonly outcome: 'order'; readonly kind: SignedOrder['order']['kind']; readonly above: number };

export type PrepareInput = Whose & { readonly workflow: string; readonly arguments: Values; readonly asked: Asked };

export function createPerformingActivities(deps: ActivityDependencies, bindings: Bindings) {
  return {
    /**
     * One try of one action, by its name. Tries are counted by the run, so that a worker that dies costs none: what cannot be done now is
     * an answer and no failure of the activity.
     */
    performAction: (input: PerformInput): Promise<Performed> =>
      attempt(deps, 'performAction', async (now) => {
        requireNetwork(deps, input.network);
        const binding = offered(bindings.actions, input.action);
        if (binding === undefined) throw unknown(`action ${input.action}`);
        const committees = committeesOf(deps, input.epochs);
        const authority = committees[committees.length - 1] as Authority;
        await requireApproval(deps, now, input, 'action', input.action, binding.effect);
        const seen: Witnessed[] = [];
        const asks: AskedOrder[] = [];
        try {
          const given = await withinSilence(now, input.silenceMs, (attempted) =>
            binding.perform(input.arguments, {
              deps,
              attempt: attempted,
              key: input.key,
              authority,
              committees,
              run: input.run,
              playbook: input.playbook,
              sinceMs: input.sinceMs ?? deps.clock(),
              orders: input.orders,
              untilMs: deps.clock() + input.seconds * 1_000,
              witness: (entry) => void seen.push(entry),
              ask: (asked) => void asks.push(asked),
            }),
          );
          if (needsOrder(given)) return { outcome: 'order', kind: given.needs, above: given.above };
          const results = requireShape(input.action, given, binding.results);
          const witnessed = await Promise.all(seen.map((entry) => stored(deps, entry, now)));
          return {
            outcome: 'done',
            results,
            ...(witnessed.length === 0 ? {} : { witnessed }),
            ...(asks.length === 0 ? {} : { asks }),
          };
        } catch (error) {
          if (now.signal.aborted || !(error instanceof FirebreakFailure) || error.family === 'bug') throw error;
          const { code, message, details, retryable } = error;
          return { outcome: 'no', refusal: { code, message: message.slice(0, 800), details }, again: retryable };
        }
      }),

    /** Checks that a process may be started with these arguments, and makes its input; starts nothing. */
    prepareProcess: (input: PrepareInput): Promise<PreparedProcess> =>
      attempt(deps, 'prepareProcess', async (now) => {
        requireNetwork(deps, input.network);
        const binding = offered(bindings.processes, input.workflow);
        if (binding === undefined) throw unknown(`process ${input.workflow}`);
        await requireApproval(deps, now, input, 'workflow', input.workflow, binding.effect);
        const { run, playbook, asked, epochs } = input;
        const proof = asked.approval?.proof;
        return binding.prepare(input.arguments, {
          deps,
          attempt: now,
          asked: { run, playbook, epochs, step: asked.step, ...(proof === undefined ? {} : { proof }) },
        });
      }),

    /**
     * The certificate of an approval, judged outside of the workflow that collected it. `later`: the committee has handed over meanwhile, and
     * the votes say nothing any more.
     */
    judgeApproval: (input: {
      readonly proof: Proof;
      readonly epochs: readonly SignedEpoch[];
      readonly expected: Omit<Execution, 'covered' | 'class'> & { readonly class: string };
    }): Promise<{ readonly approvedBy: readonly string[]; readonly later?: readonly SignedEpoch[] }> =>
      attempt(deps, 'judgeApproval', async (now) => {
        const { proof, epochs, expected } = input;
        const { authority, later } = await committeeFollowed(deps, now, epochs);
        if (later.length > 0) return { approvedBy: [], later };
        const approvedBy = judged(deps, proof, { ...expected, class: expected.class as ActionClass }, authority);
        return { approvedBy };
      }),
  };
}

/** Documents lie in the blob store, and what the run carries on are their names. */
async function stored(
  deps: ActivityDependencies,
  { enclosed = [], ...entry }: Witnessed,
  now: Attempt,
): Promise<Omit<AuditEntry, 'atMs' | 'enclosed'>> {
  return { ...entry, documents: await storeEnclosed(deps, enclosed, now) } as Omit<AuditEntry, 'atMs' | 'enclosed'>;
}

/**
 * What cannot be undone needs a certificate, whatever the plan says, and so does whatever an approval of the plan covers; a certificate that
 * came along is checked in any case, by the committee that validators follow at this moment.
 */
async function requireApproval(
  deps: ActivityDependencies,
  now: Attempt,
  { run, playbook, asked, arguments: given, epochs }: Omit<PrepareInput, 'workflow' | 'network'>,
  kind: 'action' | 'workflow',
  name: string,
  effect: Effect,
): Promise<void> {
  const { step, approval, coveredBy } = asked;
  if (approval === undefined) {
    if (coveredBy !== undefined)
      throw new FirebreakFailure(
        'policy.step-unapproved',
        `${coveredBy} covers ${name} at step ${step}, and nobody approved it`,
      );
    if (effect === 'irreversible')
      throw new FirebreakFailure(
        'policy.step-unapproved',
        `${name} at step ${step} cannot be undone and nobody approved it`,
      );
    return;
  }
  const { authority } = await committeeFollowed(deps, now, epochs);
  const verdict = judgeExecution(
    approval.proof,
    {
      playbook,
      run,
      step: approval.step,
      class: approval.class as ActionClass,
      ...(approval.quorum === undefined ? {} : { quorum: approval.quorum }),
      covered: { step, kind, name, arguments: given },
    },
    await certifiedOutputs(deps, now, asked.made ?? [], playbook, authority),
    authority,
    Math.floor(deps.clock() / 1_000),
  );
  if (!verdict.ok) throw failureOf(verdict.refusal);
}

/** What the keys that this run has made say about the steps that made them; an unsound certificate says nothing. */
async function certifiedOutputs(
  deps: ActivityDependencies,
  now: Attempt,
  made: readonly BlobRef[],
  playbook: Digest,
  authority: Authority,
): Promise<ReadonlyMap<string, CertifiedOutput>> {
  const outputs = new Map<string, CertifiedOutput>();
  for (const ref of made) {
    const certificate = parseKeyCertificate(await deps.blobs.get(ref, now), `certificate ${ref.digest.slice(0, 12)}`);
    const verified = verifyCertificate(certificate, deps.genesis);
    if (!verified.ok || verified.value.origin?.playbook !== playbook) continue;
    for (const [step, output] of outputsOf(certificate, authority)) outputs.set(step, output);
  }
  return outputs;
}

function judged(
  deps: ActivityDependencies,
  proof: Proof,
  expected: Omit<Execution, 'covered'>,
  authority: Authority,
): readonly string[] {
  const [first] = proof.covers;
  if (first === undefined) throw new FirebreakFailure('policy.step-not-covered', 'the approval covers nothing');
  const verdict = judgeVotes(proof, expected, authority, Math.floor(deps.clock() / 1_000));
  if (!verdict.ok) throw failureOf(verdict.refusal);
  return verdict.value;
}

const unknown = (what: string): FirebreakFailure =>
  new FirebreakFailure('input.playbook-capability', `this installation does not offer the ${what}`);

/** Ends a try that reports nothing for too long; it is tried again like any other that could not be done. */
async function withinSilence<T>(
  now: Attempt,
  silenceMs: number | undefined,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  if (silenceMs === undefined) return work(now);
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silenceMs);
  const report: Attempt['report'] = (details) => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(), silenceMs);
    now.report(details);
  };
  const ended = new Promise<never>((_resolve, reject) => {
    silent.signal.addEventListener('abort', () =>
      reject(new FirebreakFailure('unavailable.action-silent', `nothing was heard of it for ${silenceMs / 1_000} s`)),
    );
  });
  try {
    return await Promise.race([work({ ...now, report, signal: AbortSignal.any([now.signal, silent.signal]) }), ended]);
  } finally {
    clearTimeout(timer);
  }
}
