import { utc } from '../cli/duration.ts';
import { askReport, type ValidatorReport } from '../cli/status/reports.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { validatorIds } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';

/** An order that stops payouts, as the validators of this network tell it. */
export type Freeze = {
  readonly order: number;
  readonly untilSeconds: number;
  readonly validators: number;
};

/** undefined when no validator that answers is frozen. */
export async function standingFreeze(ports: PortPlan): Promise<Freeze | undefined> {
  return freezeIn(await Promise.all(validatorIds().map((id) => askReport(`http://${LOOPBACK}:${ports.api(id)}`))));
}

/** The newest of the orders that freeze a validator; a validator that has not heard of it yet soon will. */
export function freezeIn(reports: readonly ValidatorReport[]): Freeze | undefined {
  const frozen = reports.flatMap((report) =>
    report.up && report.frozenUntilSeconds !== undefined
      ? [{ order: Number(report.status['order_number'] ?? 0), untilSeconds: report.frozenUntilSeconds }]
      : [],
  );
  const [newest] = frozen.sort((a, b) => b.order - a.order);
  return newest === undefined ? undefined : { ...newest, validators: frozen.length };
}

export const freezeLine = ({ order, untilSeconds, validators }: Freeze): string =>
  `payouts are FROZEN by order ${order} until ${utc(untilSeconds)}, at ${validators} of ${validatorIds().length} validators`;

/** What somebody reads who started a demonstration and sees none. */
export const skippedLines = (freeze: Freeze): readonly string[] => [
  freezeLine(freeze),
  'the demonstration payout is left out; a lift (docs/operations/orders.md) lets payouts go on, and `npm start` makes one',
];

/** Why `up --once` has nothing to show. */
export const frozenStory = (freeze: Freeze): FirebreakFailure =>
  new FirebreakFailure('policy.demonstration-frozen', `no payout was made: ${freezeLine(freeze)}`, {
    order: freeze.order,
    frozenUntilSeconds: freeze.untilSeconds,
  });
