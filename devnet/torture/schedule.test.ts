import { expect, test } from '@jest/globals';
import { signerIds, THRESHOLD } from '../layout.ts';
import { KINDS, PHASES } from './fault.ts';
import { FAULTS_DEFAULT, scheduleOf } from './schedule.ts';

const SCHEDULES = Array.from({ length: 50 }, (_unused, index) => scheduleOf(index + 1));

test('a schedule follows from its seed alone, and another seed gives another one', () => {
  expect(scheduleOf(7)).toEqual(scheduleOf(7));
  expect(new Set(SCHEDULES.map(({ faults }) => JSON.stringify(faults))).size).toBe(SCHEDULES.length);
});

test('a schedule has at least forty faults of every kind, begins each after the one before, and ends within minutes', () => {
  for (const { faults } of SCHEDULES) {
    expect(faults).toHaveLength(FAULTS_DEFAULT);
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    faults.forEach(({ atMs, number }, index) => {
      expect(number).toBe(index + 1);
      expect(atMs).toBeGreaterThan(faults[index - 1]?.atMs ?? 0);
    });
    expect(faults.at(-1)?.atMs).toBeLessThan(240_000);
  }
});

test('no validator has two parts, five are hostile, and the other ten could sign', () => {
  for (const { cast } of SCHEDULES) {
    const { hostile, restored, cloned, clocks, small } = cast;
    const parts = [...hostile, ...restored, ...cloned, ...clocks, small];
    expect(new Set(parts).size).toBe(parts.length);
    expect(signerIds().filter((id) => !hostile.includes(id)).length).toBeGreaterThanOrEqual(THRESHOLD);
  }
});

test('over fifty seeds every kind is aimed at every phase, and hostile acts come from the hostile only', () => {
  const aimed = new Set<string>();
  for (const { cast, faults } of SCHEDULES) {
    for (const fault of faults) {
      aimed.add(`${fault.kind} ${fault.aim}`);
      if ('act' in fault) expect(fault.who.filter((id) => !cast.hostile.includes(id))).toEqual([]);
    }
  }
  expect(aimed.size).toBe(KINDS.length * PHASES.length);
});
