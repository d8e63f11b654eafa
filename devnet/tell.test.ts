import { expect, test } from '@jest/globals';
import type { ValidatorReport } from '../cli/status/reports.ts';
import { type Freeze, freezeIn, freezeLine, frozenStory } from './freeze.ts';
import type { Network } from './network.ts';
import { tell } from './tell.ts';

const FREEZE: Freeze = { order: 4, by: 'order 4', untilSeconds: 1_900_000_000, validators: 15 };

/** Runs no step, writes down which would have run; those whose title holds `fails` fail. */
async function told(freezes: readonly (Freeze | undefined)[], fails = 'no such step', aborted = false) {
  const titles: string[] = [];
  const lines: string[] = [];
  const answers = [...freezes];
  const freeze = await tell({
    network: { signal: aborted ? AbortSignal.abort() : new AbortController().signal } as Network,
    stage: {},
    kill: false,
    emergency: false,
    run: async (steps) => {
      for (const { title } of steps) {
        titles.push(title);
        if (title.includes(fails)) throw new Error(`${title} failed`);
      }
    },
    say: (line) => void lines.push(line),
    freezeNow: async () => answers.shift(),
  });
  return { freeze, titles, text: lines.join('\n') };
}

test('on a frozen network nothing is paid out, and the order and its end are said', async () => {
  const { freeze, titles, text } = await told([FREEZE]);
  expect(titles.some((title) => /vault|deposit|payout/.test(title))).toBe(false);
  expect(text).toContain('FROZEN by order 4 until 2030-03-17');
  expect(freeze).toBe(FREEZE);
});

test('a freeze that comes while the payout runs does not take the network down', async () => {
  const { freeze, text } = await told([undefined, FREEZE], 'payout');
  expect(freeze).toBe(FREEZE);
  expect(text).toContain('order 4');
});

test('a payout that fails for another reason is not blamed on a freeze', async () => {
  await expect(told([undefined, undefined], 'payout')).rejects.toThrow('payout failed');
});

test('whoever stops the network while it pays out is not told of a freeze', async () => {
  await expect(told([undefined, FREEZE], 'payout', true)).rejects.toThrow('payout failed');
});

test('without a freeze every step runs', async () => {
  const { freeze, titles } = await told([undefined]);
  expect(freeze).toBeUndefined();
  expect(titles).toHaveLength(5);
});

test('the newest order is the one that is told', () => {
  const report = (order: number, until: number | undefined) =>
    ({ up: true, frozenUntilSeconds: until, status: { order_number: order } }) as unknown as ValidatorReport;
  const silent = { up: false } as ValidatorReport;
  expect(freezeIn([report(3, 100), silent, report(5, undefined), report(4, 90)])).toEqual({
    order: 4,
    by: 'order 4',
    untilSeconds: 90,
    validators: 2,
  });
  expect(freezeIn([silent, report(5, undefined)])).toBeUndefined();
});

test('a freeze by a grant is told as one, and not as the order that it came after', () => {
  const report = { up: true, frozenUntilSeconds: 100, frozenBy: 'break-glass 2', status: { order_number: 0 } };
  const freeze = freezeIn([report as unknown as ValidatorReport]);
  expect(freeze && freezeLine(freeze)).toContain('payouts are FROZEN by break-glass 2 until');
});

test('a demonstration that was asked for and could not be is a refusal, not a success', () => {
  expect(frozenStory(FREEZE)).toMatchObject({ code: 'policy.demonstration-frozen', family: 'policy' });
});
