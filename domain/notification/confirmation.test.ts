import { expect, test } from '@jest/globals';
import type { DeliveryReceipt } from '../ports/notifier.ts';
import { judgeConfirmation } from './confirmation.ts';

const receipt = (route: string, exercise = false): DeliveryReceipt => ({
  route,
  reference: 'x',
  state: 'accepted',
  exercise,
  atMs: 1,
  missed: 0,
});
const sev1 = { severity: 'SEV1', exercise: false } as const;

test('SEV1 is confirmed by two channels that do not share a route', () => {
  expect(judgeConfirmation(sev1, [receipt('slack'), receipt('pagerduty')])).toEqual({
    ok: true,
    value: { routes: ['pagerduty', 'slack'] },
  });
});

test('SEV1 is not confirmed by two channels of one route, and the refusal names the one that answered', () => {
  const verdict = judgeConfirmation(sev1, [receipt('slack'), receipt('slack')]);
  expect(verdict).toMatchObject({
    ok: false,
    refusal: {
      code: 'unavailable.independent-channels',
      message: 'SEV1 needs 2 independent channels to confirm, only slack did',
      details: { needed: 2, confirmed: 1 },
    },
  });
});

test('nobody who answered is nobody who knows, at any severity', () => {
  for (const severity of ['SEV1', 'SEV2', 'SEV3', 'SEV4'] as const)
    expect(judgeConfirmation({ severity, exercise: false }, []).ok).toBe(false);
});

test.each(['SEV2', 'SEV3', 'SEV4'] as const)('%s is confirmed by one channel', (severity) => {
  expect(judgeConfirmation({ severity, exercise: false }, [receipt('slack')]).ok).toBe(true);
});

test('a receipt of an exercise confirms nothing real, and a real one no exercise', () => {
  const mixed = [receipt('slack', true), receipt('pagerduty')];
  expect(judgeConfirmation(sev1, mixed).ok).toBe(false);
  expect(judgeConfirmation({ ...sev1, exercise: true }, mixed).ok).toBe(false);
  expect(judgeConfirmation({ ...sev1, exercise: true }, [receipt('slack', true), receipt('smtp:a', true)]).ok).toBe(
    true,
  );
});
