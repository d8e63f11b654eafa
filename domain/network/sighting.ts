import type { Digest } from '../encoding/digest.ts';

/** One process of a host identity, as one of its signed statements describes it. */
export type Speaker = {
  /** Drawn by every start of the process. */
  readonly instance: string;
  /** Drawn when the journal was made; a copied folder keeps it. */
  readonly journal: string;
  /** Unix milliseconds by its own clock: it has run from here to `atMs`. */
  readonly startedAtMs: number;
  readonly atMs: number;
  /** Counts the statements of this process. */
  readonly sequence: number;
  /** Shares sealed and signatures released, and the hash chain over them. */
  readonly decisions: number;
  readonly decisionsHead: Digest;
};

/** How two statements of one host identity fit together. */
export type Pair = 'one' | 'twice' | 'forked';

/**
 * Two statements of one identity are the proof, whoever carries them: each says from when to when its process ran. A restart ends before
 * the next process begins; two whose times overlap ran together. They agree while both remember the same decisions: orders and terms
 * reach every process, but a decision is made by one of them, so that memories which differ once never meet again.
 * One process never gives two statements one number: whoever shows two was copied with its memory, nonces included.
 */
export function judgePair(one: Speaker, other: Speaker): Pair {
  if (one.instance === other.instance) return one.sequence === other.sequence ? 'forked' : 'one';
  const together = Math.max(one.startedAtMs, other.startedAtMs) < Math.min(one.atMs, other.atMs);
  if (!together) return 'one';
  const agree =
    one.journal === other.journal && one.decisions === other.decisions && one.decisionsHead === other.decisionsHead;
  return agree ? 'twice' : 'forked';
}
