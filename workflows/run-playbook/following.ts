import { judgeEpoch, EPOCHS_FOLLOWED_MAX, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { laterEpochs } from '../lib/following.ts';
import { recordEpoch } from './recording.ts';
import { changed, type Run } from './run.ts';

/** Takes the hand-overs that lead on from where the run stands; each proves itself. Approvals that are open are then asked anew. */
export function follow(run: Run, epochs: readonly SignedEpoch[]): void {
  for (const signed of epochs) {
    const next = judgeEpoch(signed, run.authority);
    // Two that looked at once have seen the same.
    if (!next.ok || run.state.epochs.length >= EPOCHS_FOLLOWED_MAX) continue;
    run.authority = next.value;
    run.state.epochs.push(signed);
    recordEpoch(run, signed);
    changed(run);
  }
}

/** Goes by the committee that validators follow now. When nobody can say, by the one that is known: only what validators obey is done. */
export async function followValidators(run: Run): Promise<void> {
  run.state.lookedAtMs = Date.now();
  follow(run, await laterEpochs(run.input.network, run.state.epochs));
}
