import type { ValidatorId } from '../../domain/network/network.ts';
import type { Act } from './hostile/acts.ts';

/** Where a vault is on its way from its terms to its coins at their recorded script. */
export const PHASES = [
  'opening',
  'depositing',
  'planning',
  'collecting-commitments',
  'collecting-partials',
  'broadcasting',
  'settling',
] as const;
export type Phase = (typeof PHASES)[number];

/** Rows of the table; what a fault of one kind may be differs less than the kinds. */
export const KINDS = [
  'hostile-silent',
  'hostile-slow',
  'hostile-wrong-partial',
  'hostile-other-message',
  'hostile-equivocates',
  'hostile-leaves',
  'kill-worker',
  'kill-temporal',
  'kill-validator',
  'kill-bitcoin',
  'pause',
  'partition-halves',
  'partition-minority',
  'partition-one-way',
  'slow-links',
  'lossy-links',
  'dropped-links',
  'restored-folder',
  'clone',
  'clock',
  'full-disk',
  'reorg-moved',
  'reorg-orphaned',
  'reorg-double-spent',
] as const;
export type Kind = (typeof KINDS)[number];

export type What =
  | { readonly kind: `hostile-${Act}`; readonly act: Act; readonly who: readonly ValidatorId[] }
  /** Names of services. */
  | {
      readonly kind: 'kill-worker' | 'kill-temporal' | 'kill-validator' | 'kill-bitcoin' | 'pause';
      readonly victims: readonly string[];
    }
  /** Nothing passes between the two sides, or nothing from the first to the second. */
  | {
      readonly kind: 'partition-halves' | 'partition-minority' | 'partition-one-way';
      readonly side: readonly string[];
      readonly other: readonly string[];
    }
  | {
      readonly kind: 'slow-links' | 'lossy-links' | 'dropped-links';
      readonly side: readonly string[];
      readonly other: readonly string[];
    }
  | { readonly kind: 'restored-folder' | 'clone' | 'full-disk'; readonly who: ValidatorId }
  | { readonly kind: 'clock'; readonly who: ValidatorId; readonly shiftMs: number }
  | { readonly kind: 'reorg-moved' | 'reorg-orphaned' | 'reorg-double-spent'; readonly depth: number };

/** One fault of a schedule. */
export type Fault = What & {
  readonly number: number;
  /** After the storm began; faults overlap. */
  readonly atMs: number;
  readonly lastsMs: number;
  /** It is waited a moment for a vault in this phase. */
  readonly aim: Phase;
};
