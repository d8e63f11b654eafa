import type { Blamed } from '../../activities/blame.ts';
import type { SigningSession, Subject } from '../../activities/signing.ts';
import type { Refusal } from '../../domain/errors/failure.ts';
import type { VaultId } from '../../domain/vault/terms.ts';
import type { effects } from './effects.ts';
import type { Change } from './track.ts';

export const SESSIONS_MAX = 10;
/** With those after waits for room: a run that grows longer could not be replayed in time. */
export const SESSIONS_OF_RUN_MAX = 40;
export const SESSION_SECONDS_DEFAULT = 20;
/** How long to wait for enough ready validators before the signing is given up. */
export const COMMITMENT_SECONDS = 300;

type Finished = Awaited<ReturnType<typeof effects.finishSigning>>;
/** What was proven on the way against whom; absent from runs of builds that proved nothing. */
type Proven = { readonly blame?: readonly Blamed[] };

export type Signed = Proven & {
  readonly session: SigningSession;
  readonly sessions: number;
  readonly transaction: Finished['transaction'];
  readonly evidence: Finished['evidence'];
};
export type NotSigned = Proven & {
  readonly refusal: Refusal;
  readonly sessions: number;
  /** Somebody said that the outputs are locked for another transaction; absent where nobody did. */
  readonly lockedElsewhere?: true;
};

/** What is signed, on whose word, and how a process tells of it. */
export type Signing<Phase extends string> = {
  readonly subject: Subject;
  readonly vault: VaultId;
  /** Sessions in all; default: as many as hostile validators can spoil, one that they cannot, and a few for whoever restarts. */
  readonly sessionsMax?: number;
  /** How long a session waits for half of its signers before another one is begun beside it; default 20. */
  readonly sessionSeconds?: number;
  /** Sessions of this run over other transactions: no two sessions of a run have one name. */
  readonly sessionsBefore?: number;
  readonly entering: (phase: 'collecting-commitments' | 'collecting-partials', need: number) => Change<Phase>;
  readonly report: (change: Change<Phase>) => void;
  /** Waits until validators have room under their outflow caps; false when it is not worth the wait. Absent: nobody waits. */
  readonly awaitRoom?: (atSeconds: number) => Promise<boolean>;
};
