import { utc } from '../cli/duration.ts';
import { askReport, type ValidatorReport } from '../cli/status/reports.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { validatorIds } from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';

/** What stops payouts, as the validators of this network tell it. */
export type Freeze = {
  /** The last order; a freeze by a grant came after it. */
  readonly order: number;
  readonly by: string;
  readonly untilSeconds: number;
  readonly validators: number;
};

/** undefined when no validator that answers is frozen. */
export async function standingFreeze(ports: PortPlan): Promise<Freeze | undefined> {
  return freezeIn(await Promise.all(validatorIds().map((id) => askReport(`http://${LOOPBACK}:${ports.api(id)}`))));
}

/** The newest of what freezes a validator; a validator that has not heard of it yet soon will. */
export function freezeIn(reports: readonly ValidatorReport[]): Freeze | undefined {
  const frozen = reports.flatMap((report) =>
    report.up && report.frozenUntilSeconds !== undefined
      ? [freezeOf(Number(report.status['order_number'] ?? 0), report.frozenBy, report.frozenUntilSeconds)]
      : [],
  );
  const [newest] = frozen.sort((a, b) => b.order - a.order);
  return newest === undefined ? undefined : { ...newest, validators: frozen.length };
}

const freezeOf = (order: number, by: string | undefined, untilSeconds: number) => ({
  order,
  by: by ?? `order ${order}`,
  untilSeconds,
});

export const freezeLine = ({ by, untilSeconds, validators }: Freeze): string =>
  `payouts are FROZEN by ${by} until ${utc(untilSeconds)}, at ${validators} of ${validatorIds().length} validators`;

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
