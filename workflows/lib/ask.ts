import type { Gathering, Saying, Slice } from '../../activities/gathering.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { validatorName } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { verdictOf } from './refusal.ts';

/** The first slice is short, so that the page soon names who is missing; later ones cost few events. */
const SLICE_SECONDS = [5, 10, 15, 30] as const;
const LATER_SLICE_SECONDS = 60;
const SLICES_MAX = 40;

export type Asking = {
  /** Answers needed. */
  readonly need: number;
  /** Validators asked in all. */
  readonly of: number;
  readonly seconds: number;
  /** One slice: an activity that asks until enough answered or its seconds are over. */
  readonly slice: (slice: Slice) => Promise<Gathering>;
  readonly onSlice: (gathering: Gathering) => void;
};

/** Asks in slices until enough answered, too many said no, or the time is over. */
export async function askUntil(asking: Asking): Promise<Verdict<Gathering>> {
  const untilMs = Date.now() + asking.seconds * 1_000;
  let collected: BlobRef | undefined;
  let missing: readonly Saying[] = [];
  for (let at = 0; at < SLICES_MAX; at += 1) {
    const left = (untilMs - Date.now()) / 1_000;
    if (left <= 0) break;
    // A wait of hours is kept to its end by longer slices, not by more of them.
    const usual = SLICE_SECONDS[at] ?? Math.max(LATER_SLICE_SECONDS, left / (SLICES_MAX - at));
    const seconds = Math.max(1, Math.min(left, usual));
    const heard = await verdictOf(asking.slice(collected === undefined ? { seconds } : { collected, seconds }));
    if (!heard.ok) return heard;
    const gathering = heard.value;
    asking.onSlice(gathering);
    if (gathering.have.length >= asking.need) return accept(gathering);
    const [no] = gathering.refused;
    if (no !== undefined && asking.of - gathering.refused.length < asking.need) return refusedBy(gathering.refused);
    collected = gathering.collected;
    missing = [...gathering.refused, ...gathering.missing];
  }
  const names = missing.map(({ validator, code }) => `${validatorName(validator)} (${code})`).join(', ');
  return refuse('unavailable.validators', `too few validators answered in ${asking.seconds} s; missing: ${names}`, {
    need: asking.need,
    missing: missing.map(({ validator }) => validator),
  });
}

/** The no that most of them gave, with everyone who gave it. */
export function refusedBy(refused: readonly Saying[]): Verdict<never> {
  const counts = new Map<string, Saying[]>();
  for (const saying of refused) counts.set(saying.code, [...(counts.get(saying.code) ?? []), saying]);
  const most = [...counts.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  const [first] = most;
  if (first === undefined) return refuse('unavailable.validators', 'no validator answered');
  const validators = most.map(({ validator }) => validator);
  return refuse(first.code, `${validators.map(validatorName).join(', ')}: ${first.message}`, { validators });
}
