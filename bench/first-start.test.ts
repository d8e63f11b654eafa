import { expect, test } from '@jest/globals';
import { type Stage, payoutSteps } from '../devnet/demonstration.ts';
import { runSteps } from '../devnet/steps.ts';
import { paidIn } from './first-start.ts';

/** What the steps of the real demonstration print when each of them says `said`. */
async function printed(said: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const stage: Stage = {};
  const steps = payoutSteps({} as Parameters<typeof payoutSteps>[0], stage, true);
  await runSteps(
    steps.map(({ title }) => ({ title, run: async () => said })),
    false,
    (line) => lines.push(line),
  );
  return lines;
}

test('of all that the demonstration prints, one line says that the payout stands in a block', async () => {
  const lines = await printed('confirmed in block 112, txid 0123456789abcdef…');
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.filter(paidIn)).toEqual([expect.stringContaining('payout, with the coordinator killed on the way:')]);
});

test('a payout that goes on, and a deposit in a block, are no payout in a block', async () => {
  expect((await printed('still waiting')).filter(paidIn)).toEqual([]);
  expect(paidIn('  deposit: confirmed, ab12… in block 109 (1.2 s)')).toBe(false);
  expect(paidIn('- payout, with the coordinator killed on the way ...')).toBe(false);
});
