import { expect, test } from '@jest/globals';
import type { Standing } from '../../domain/incident/standing.ts';
import type { ListedIncident } from '../incident/find.ts';
import { incidentLines, nextFor } from './incidents.ts';

const KEY = `1a0637f0b1c2${'d'.repeat(52)}`;
const open = (key: string, next: Standing['next']): ListedIncident => ({
  key,
  incident: `incident/laptop/${key}`,
  run: `runPlaybook/laptop/${key}`,
  status: 'running',
  openedAtMs: 0,
  severity: 'SEV2',
  playbook: 'validator-offline',
  standing: { severity: 'SEV2', next } as unknown as Standing,
});
const asked = (untilMs: number, key = KEY): Standing['next'][number] => ({
  role: 'operations',
  what: 'form: What was it?',
  untilMs,
  asks: { kind: 'form', of: `runPlaybook/laptop/${key}`, step: 'repair' },
});
const told = { role: 'commander', what: 'tell people in another way', untilMs: null };

test('whoever must act is named first and by when, each incident in one line that fits, with a key that can be typed', () => {
  const incidents = [open('calm', []), open('drill', [told]), open(KEY, [asked(1_800_000_000_000), told])];
  expect(incidentLines(incidents)).toEqual([
    '  MUST ACT   SEV2 1a0637f0b1c2 validator-offline: operations: form: What was it?, by 2027-01-15 08:00:00 UTC (and 1 more)',
    '  MUST ACT   SEV2 drill validator-offline: commander: tell people in another way',
    '  incident   SEV2 calm validator-offline: nobody has to act',
  ]);
});

test('a run that halted says so in its line, and what it is waited for', () => {
  const what = `runPlaybook/custody-devnet/${KEY} has halted: resume, undo or close it.`;
  const [line] = incidentLines([open(KEY, [{ ...told, what }])]);
  expect(line).toMatch(/commander: runPlaybook\/custody-devnet\/1a0637f0b1c2 has halted: resume, undo or close it\.$/);
});

test('the next command is that of the most urgent, and none where nobody is waited for', () => {
  const later = open('later', [asked(1_900_000_000_000, 'later')]);
  expect(nextFor([later, open(KEY, [asked(1_800_000_000_000)])])).toEqual({
    next: 'incident answer 1a0637f0b1c2 --step repair --by <name> --field <name>=<value>',
  });
  expect(nextFor([open('drill', [told])])).toEqual({ next: 'incident show drill' });
  expect(nextFor([open('calm', [])])).toEqual({});
});

test('text of an alert in what is asked rewrites no screen', () => {
  const [line] = incidentLines([open(KEY, [{ ...told, what: `\u001b[2J${'x'.repeat(500)}` }])]);
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(line?.length).toBeLessThan(190);
});
