import { expect, test } from '@jest/globals';
import { ending } from './show.ts';

const stopped = {
  outcome: 'failed',
  refusal: { code: 'policy.run-stopped', message: 'ann takes it back: a mistake' },
  undone: ['freeze'],
  left: [],
} as const;

test('of a run whose freeze was taken back, what stands is the freeze until somebody lifts it or it ends', () => {
  const untilMs = 1_800_000_600_000;
  const standing = (frozenUntilMs: number | null, nowMs: number) =>
    ending(stopped, frozenUntilMs, nowMs).find((line) => line.includes('standing'));
  expect(standing(untilMs, untilMs - 1)).toBe(
    '  standing   payouts are frozen until 2027-01-15 08:10:00 UTC, unless they were lifted since',
  );
  for (const frozenUntilMs of [null, untilMs]) expect(standing(frozenUntilMs, untilMs)).toBe('  standing   nothing');
});

test('of a run that is over nobody is told to undo it', () => {
  expect(ending(stopped, null, 0).at(-1)).toMatch(/when it is over, `firebreak incident close` ends its incident/);
});
