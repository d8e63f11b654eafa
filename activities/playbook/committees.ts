import { fromBinary } from '@bufbuild/protobuf';
import type { Authority } from '../../domain/committee/committee.ts';
import { EPOCHS_MAX, judgeEpoch } from '../../domain/committee/epoch.ts';
import { parseSignedEpoch } from '../../wire/documents/index.ts';
import { CommitteeStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from '../asking.ts';
import { everyone } from '../gathering.ts';
import type { Doing } from './binding.ts';

const ASK_MS = 5_000;
const STATED = { round: Round.COMMITTEE_STATE, keyset: '', epoch: 0, ceremony: '' } as const;

/** The committee of now, and those before it. */
export type Committees = { readonly present: Authority; readonly all: readonly Authority[] };

/**
 * The committees that the run knows, and those that validators can prove to have followed: an alert opens a run that nobody has told of a
 * hand-over. Each epoch proves itself, so that nobody is believed for it; validators that are silent can only withhold.
 */
export async function committeesNow(
  doing: Pick<Doing, 'deps' | 'attempt' | 'untilMs' | 'committees' | 'authority'>,
): Promise<Committees> {
  const { deps, attempt, untilMs, authority, committees } = doing;
  const request = requestBytes(deps, { case: 'sayCommittee', value: { afterEpoch: authority.committee.epoch } });
  const { accepted } = await gather(deps, attempt, {
    requests: new Map(everyone(deps).map((validator) => [validator, request])),
    enough: deps.genesis.threshold,
    expected: STATED,
    untilMs: Math.min(untilMs, deps.clock() + ASK_MS),
  });
  let longest: readonly Authority[] = [];
  for (const { payload } of accepted.values()) {
    const followed = walk(authority, fromBinary(CommitteeStateSchema, payload).signedEpochs);
    if (followed.length > longest.length) longest = followed;
  }
  return { present: longest.at(-1) ?? authority, all: [...committees, ...longest] };
}

/** As far as the signatures lead. */
function walk(from: Authority, epochs: readonly Uint8Array[]): readonly Authority[] {
  const passed: Authority[] = [];
  let authority = from;
  for (const bytes of epochs.slice(0, EPOCHS_MAX)) {
    const next = judged(bytes, authority);
    if (next === undefined) break;
    authority = next;
    passed.push(next);
  }
  return passed;
}

function judged(bytes: Uint8Array, authority: Authority): Authority | undefined {
  try {
    const verdict = judgeEpoch(parseSignedEpoch(bytes, 'epoch of a validator'), authority);
    return verdict.ok ? verdict.value : undefined;
  } catch {
    return undefined;
  }
}
