import { isKeyState, type KeyState } from '../../domain/ceremony/ceremony.ts';
import type { Operator } from '../operator.ts';
import { askReport, type ValidatorReport } from '../status/reports.ts';

/** How many validators say that a key stands so, the most said first; empty when nobody that answers knows the key. */
export type Standing = readonly { readonly state: KeyState; readonly validators: number }[];

/** What validators say about their keys: each judges by its own chain view when a key is retired, so they need not agree. */
export const askReports = (operator: Operator): Promise<readonly ValidatorReport[]> =>
  Promise.all(operator.validators.map(askReport));

export function standingOf(keyset: string, reports: readonly ValidatorReport[]): Standing {
  const said = new Map<KeyState, number>();
  for (const report of reports) {
    const state = report.up ? report.keys.find((key) => key.keyset === keyset)?.state : undefined;
    if (state !== undefined && isKeyState(state)) said.set(state, (said.get(state) ?? 0) + 1);
  }
  return [...said]
    .map(([state, validators]) => ({ state, validators }))
    .sort((one, other) => other.validators - one.validators);
}

/** `RETIRED`, or `DRAINING at 9, RETIRED at 6`. */
export function standingText(standing: Standing): string {
  const [only, ...others] = standing;
  if (only === undefined) return 'MADE; no validator that answers says how it stands';
  if (others.length === 0) return only.state.toUpperCase();
  return standing.map(({ state, validators }) => `${state.toUpperCase()} at ${validators}`).join(', ');
}
