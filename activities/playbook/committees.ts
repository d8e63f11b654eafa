import { fromBinary } from '@bufbuild/protobuf';
import type { Authority } from '../../domain/committee/committee.ts';
import {
  EPOCHS_FOLLOWED_MAX,
  EPOCHS_MAX,
  firstAuthority,
  judgeEpoch,
  type SignedEpoch,
  walkEpochs,
} from '../../domain/committee/epoch.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { parseSignedEpoch } from '../../wire/documents/index.ts';
import { CommitteeStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from '../asking.ts';
import type { Attempt } from '../attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { everyone } from '../gathering.ts';
import type { Doing } from './binding.ts';

const ASK_MS = 5_000;
/** A decision waits no longer for validators that are silent: they can withhold a hand-over and decide nothing. */
const LOOK_MS = 2_000;
/** What a run carries with every effect; one message of the engine has room for four times as much. */
const FOLLOWED_BYTES_MAX = 524_288;
const STATED = { round: Round.COMMITTEE_STATE, keyset: '', epoch: 0, ceremony: '' } as const;

/** The committee of now, and those before it. */
export type Committees = { readonly present: Authority; readonly all: readonly Authority[] };

/** One hand-over that validators have followed, and who speaks from then on. */
type Followed = { readonly signed: SignedEpoch; readonly authority: Authority };

/**
 * The committees that the run knows, and those that validators can prove to have followed: an alert opens a run that nobody has told of a
 * hand-over.
 */
export async function committeesNow(
  doing: Pick<Doing, 'deps' | 'attempt' | 'untilMs' | 'committees' | 'authority'>,
): Promise<Committees> {
  const { authority, committees } = doing;
  const { deps, attempt, untilMs } = doing;
  const followed = (await followedSince(deps, attempt, authority, Math.min(untilMs, deps.clock() + ASK_MS))).map(
    (each) => each.authority,
  );
  return { present: followed.at(-1) ?? authority, all: [...committees, ...followed] };
}

/** Who speaks for the network now, and the hand-overs behind those that were given that lead there. */
export async function committeeFollowed(
  deps: ActivityDependencies,
  attempt: Attempt,
  epochs: readonly SignedEpoch[],
): Promise<{ readonly authority: Authority; readonly later: readonly SignedEpoch[] }> {
  const known = authorityOf(deps, epochs);
  const untilMs = deps.clock() + (deps.committeeLookMs ?? LOOK_MS);
  const followed = await followedSince(deps, attempt, known, untilMs);
  const carried = fitting(epochs, followed);
  if (carried.length < followed.length)
    deps.logger.warn({ epoch: known.committee.epoch }, 'too many hand-overs to carry: pin a later committee');
  return { authority: carried.at(-1)?.authority ?? known, later: carried.map(({ signed }) => signed) };
}

/** The committee of now, from the one that this worker has pinned. */
export function authorityOf(
  { genesis }: Pick<ActivityDependencies, 'genesis'>,
  epochs: readonly SignedEpoch[],
): Authority {
  const walked = walkEpochs(genesis, epochs);
  if (!walked.ok) throw failureOf(walked.refusal);
  return walked.value;
}

/** The same committee, after all that came before it. */
export function committeesOf(
  { genesis }: Pick<ActivityDependencies, 'genesis'>,
  epochs: readonly SignedEpoch[],
): readonly Authority[] {
  let authority = firstAuthority(genesis);
  const passed = [authority];
  for (const signed of epochs) {
    const next = judgeEpoch(signed, authority);
    if (!next.ok) throw failureOf(next.refusal);
    authority = next.value;
    passed.push(authority);
  }
  return passed;
}

/** Each epoch proves itself, so that nobody is believed for it; validators that are silent can only withhold. */
async function followedSince(
  deps: ActivityDependencies,
  attempt: Attempt,
  authority: Authority,
  untilMs: number,
): Promise<readonly Followed[]> {
  const { epoch } = authority.committee;
  const request = requestBytes(deps, { case: 'sayCommittee', value: { afterEpoch: epoch } });
  const { accepted } = await gather(deps, attempt, {
    requests: new Map(everyone(deps).map((validator) => [validator, request])),
    enough: deps.genesis.threshold,
    expected: STATED,
    untilMs,
  });
  if (accepted.size < deps.genesis.threshold)
    deps.logger.warn(
      { epoch, answered: accepted.size, needed: deps.genesis.threshold },
      'too few validators said which committee they follow: a later one may be missed',
    );
  let longest: readonly Followed[] = [];
  for (const { payload } of accepted.values()) {
    const followed = walk(authority, fromBinary(CommitteeStateSchema, payload).signedEpochs);
    if (followed.length > longest.length) longest = followed;
  }
  return longest;
}

/** As far as the signatures lead. */
function walk(from: Authority, epochs: readonly Uint8Array[]): readonly Followed[] {
  const passed: Followed[] = [];
  let authority = from;
  for (const bytes of epochs.slice(0, EPOCHS_MAX)) {
    const next = judged(bytes, authority);
    if (next === undefined) break;
    ({ authority } = next);
    passed.push(next);
  }
  return passed;
}

function judged(bytes: Uint8Array, authority: Authority): Followed | undefined {
  try {
    const signed = parseSignedEpoch(bytes, 'epoch of a validator');
    const verdict = judgeEpoch(signed, authority);
    return verdict.ok ? { signed, authority: verdict.value } : undefined;
  } catch {
    return undefined;
  }
}

/** As many as a run can carry besides what it carries already. */
function fitting(epochs: readonly SignedEpoch[], followed: readonly Followed[]): readonly Followed[] {
  const sizeOf = (signed: SignedEpoch): number => canonicalBytes(signed).length;
  let bytes = epochs.reduce((sum, signed) => sum + sizeOf(signed), 0);
  const most = followed.slice(0, Math.max(0, EPOCHS_FOLLOWED_MAX - epochs.length));
  const end = most.findIndex(({ signed }) => (bytes += sizeOf(signed)) > FOLLOWED_BYTES_MAX);
  return end === -1 ? most : most.slice(0, end);
}
