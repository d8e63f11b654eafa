import { isCancellation, workflowInfo } from '@temporalio/workflow';
import { committeeDigest } from '../../domain/committee/committee.ts';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { effects, named } from './effects.ts';

const LOOK_SECONDS = 10;
/** Whoever reaches the engine can ask for a look. */
const PAUSE_MS = 30_000;
/** Of the history, in events: above it nobody is asked on somebody's word alone. */
const EVENTS_MAX = 1_000;

/** Hand-overs that validators follow and the caller has not heard of; none while nobody can say. Each proves itself. */
export async function laterEpochs(network: string, epochs: readonly SignedEpoch[]): Promise<readonly SignedEpoch[]> {
  try {
    const { later = [] } = await effects.committeeNow.executeWithOptions(
      { ...named('Ask validators which committee they follow', LOOK_SECONDS), scheduleToCloseTimeout: '20 seconds' },
      [{ network, epochs }],
    );
    return later;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return [];
  }
}

/** What the records say of a hand-over. */
export const committeeChanged = (signed: SignedEpoch) =>
  ({
    kind: 'committee.changed',
    facts: { epoch: signed.epoch.committee.epoch, committee: committeeDigest(signed.epoch.committee) },
    by: 'committee',
    enclosed: [{ what: 'epoch', value: signed }],
  }) as const;

/** Whether validators are asked now because somebody says that they follow another committee. */
export const judgeLook = (lookedAtMs: number | undefined): Verdict<undefined> =>
  Date.now() - (lookedAtMs ?? 0) < PAUSE_MS || workflowInfo().historyLength > EVENTS_MAX
    ? refuse('not-yet.committee-look', `validators were asked less than ${PAUSE_MS / 1_000} s ago, or much happens now`)
    : accept(undefined);
