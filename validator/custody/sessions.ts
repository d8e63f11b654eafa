import type { CeremonyKind } from '../../domain/ceremony/ceremony.ts';
import type { SessionReport } from './agent.ts';
import type { Journal } from './journal/journal.ts';
import { STEP } from './step-names.ts';

/** A ceremony as this validator's journal tells it; undefined when it took no part. */
export function sessionOf(journal: Pick<Journal, 'steps'>, ceremony: string): SessionReport | undefined {
  const steps = journal.steps.of(ceremony);
  if (steps.length === 0) return undefined;
  const kind = ceremony.slice(0, ceremony.indexOf('-')) as CeremonyKind;
  const released = steps.find(({ step }) => step === STEP.partialReleased)?.detail;
  const report: SessionReport = { ceremony, kind, steps };
  if (released === undefined) return report;
  return {
    ...report,
    signers: released
      .replace(/^signers /, '')
      .split(' ')
      .map(Number),
  };
}
