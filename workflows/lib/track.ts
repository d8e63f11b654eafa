import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { validatorName } from '../../domain/network/network.ts';
import { searchAttributes } from '../settings.ts';
import { type Progress, progressQuery } from './progress.ts';

export type Change<Phase extends string> = Partial<Omit<Progress<Phase>, 'changedAtMs'>>;

/**
 * One place that keeps the three views of a process equal: the query `progress`, the current details on its page, and the
 * search attributes of the list. Attributes are written only when they change, because each write is an event.
 */
export function trackProgress<Phase extends string>(
  first: Omit<Progress<Phase>, 'changedAtMs' | 'have' | 'need' | 'missing'>,
): { readonly now: () => Progress<Phase>; readonly change: (change: Change<Phase>) => void } {
  let progress: Progress<Phase> = { have: 0, need: 0, missing: [], ...first, changedAtMs: Date.now() };
  let written = '';
  setHandler(progressQuery, () => progress, {
    description: 'Where this process stands, who must act next, and what happens meanwhile.',
  });
  const show = (): void => {
    setCurrentDetails(describe(progress));
    const attributes = [progress.phase, progress.awaitingRole, progress.percent, progress.have, progress.need].join(
      '|',
    );
    if (attributes === written) return;
    written = attributes;
    upsertSearchAttributes([
      { key: searchAttributes.phase, value: progress.phase },
      { key: searchAttributes.awaitingRole, value: progress.awaitingRole },
      { key: searchAttributes.progress, value: progress.percent },
      { key: searchAttributes.quorumHave, value: progress.have },
      { key: searchAttributes.quorumNeed, value: progress.need },
    ]);
  };
  show();
  return {
    now: () => progress,
    change: (change) => {
      // Whoever names a phase begins it, and counts afresh.
      const fresh = change.phase === undefined ? {} : { have: 0, need: 0, missing: [] };
      progress = { ...progress, ...fresh, ...change, changedAtMs: Date.now() };
      show();
    },
  };
}

function describe({ phase, next, meanwhile, have, need, missing }: Progress): string {
  const lines = [`**Phase:** ${phase}`, `**Next:** ${next}`, `**Meanwhile:** ${meanwhile}`];
  if (need > 0) lines.push(`**Answered:** ${have} of ${need}`);
  if (missing.length > 0) lines.push(`**Missing:** ${missing.map(validatorName).join(', ')}`);
  return lines.join('\n\n');
}
