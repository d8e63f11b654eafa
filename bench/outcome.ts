import type { Measure, Reading, Setting } from './measure.ts';

/** What became of one measure. */
export type Outcome = { readonly name: string; readonly about: string; readonly loadBefore: number } & (
  | { readonly measured: true; readonly seconds: number; readonly readings: readonly Reading[] }
  | { readonly measured: false; readonly reason: string }
);

/** Runs one measure; a failure is an outcome, so that the others still run. `load`: the machine's load average right now. */
export async function outcomeOf(measure: Measure, setting: Setting, load: () => number): Promise<Outcome> {
  const { name, about } = measure;
  const loadBefore = load();
  const startedAt = performance.now();
  try {
    setting.signal.throwIfAborted();
    const readings = await measure.run(setting);
    if (readings.length === 0) return { name, about, loadBefore, measured: false, reason: 'it gave no reading' };
    return { name, about, loadBefore, measured: true, seconds: (performance.now() - startedAt) / 1_000, readings };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The rest is often the end of a log, with paths of this machine: for whoever watches, not for the page.
    const [reason = '', ...rest] = setting.signal.aborted ? ['stopped'] : message.split('\n');
    for (const line of rest) setting.say(line);
    return { name, about, loadBefore, measured: false, reason };
  }
}

/** 0 as long as everything could be measured: a missed target is a finding and no failure. */
export const exitCodeOf = (outcomes: readonly Outcome[]): 0 | 1 => (outcomes.every((one) => one.measured) ? 0 : 1);
