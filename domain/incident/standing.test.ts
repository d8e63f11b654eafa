import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { freezeNoticeMs } from './freeze.ts';
import { type IncidentFacts, linesOf, standingFrom, standingOf } from './standing.ts';
import { EVENT_CHARACTERS_MAX, EVENTS_MAX, NO_EVENTS, type Timeline, withEvent } from './timeline.ts';

const NOW_MS = 1_800_000_000_000;
const UNTIL_MS = NOW_MS + 600_000;
const facts = (change: Partial<IncidentFacts> = {}): IncidentFacts => ({
  id: 'incident/laptop/7',
  title: 'Shares may have been copied',
  playbook: 'suspected-share-theft',
  severity: 'SEV1',
  phase: 'responding',
  openedAtMs: 1_800_000_000_000,
  roles: {},
  alerts: [],
  runs: [],
  timeline: NO_EVENTS,
  toldAtMs: undefined,
  unconfirmed: undefined,
  ...change,
});
const run = {
  run: 'runPlaybook/laptop/7',
  playbook: 'suspected-share-theft',
  phase: 'approval',
  running: [{ step: 'ask', sinceMs: 1_800_000_000_000 }],
};
const asked = (untilMs: number, role = 'committee') => ({ step: 'ask', role, what: 'vote', untilMs });

test('the most urgent question comes first, and what nobody set a time for comes after', () => {
  const standing = standingOf(
    facts({
      runs: [
        { ...run, awaited: [asked(200, 'operations'), asked(100)] },
        { ...run, run: 'other', phase: 'halted', awaited: [] },
      ],
      unconfirmed: 'only slack did',
    }),
  );
  expect(standing.next.map(({ role, untilMs }) => [role, untilMs])).toEqual([
    ['committee', 100],
    ['operations', 200],
    ['commander', null],
    ['commander', null],
  ]);
  expect(standing.next.at(-1)?.what).toContain('tell people in another way');
});

test('every line that names who must act is followed by what they type, and both come back from a memo', () => {
  const form = { ...asked(200, 'operations'), kind: 'form' } as const;
  const standing = standingOf(
    facts({ phase: 'failed', runs: [{ ...run, awaited: [{ ...asked(100), kind: 'vote' }, form] }] }),
  );
  expect(linesOf(standing, NOW_MS).filter((line) => /NEXT|firebreak/.test(line))).toEqual([
    expect.stringMatching(/NEXT +committee: vote/),
    '             firebreak vote fetch 7 --step ask --out request.json',
    expect.stringMatching(/NEXT +operations: vote/),
    '             firebreak incident answer 7 --step ask --by <name> --field <name>=<value>',
    expect.stringMatching(/NEXT +commander: the playbook has ended/),
    '             firebreak incident close 7 --by <name> --reason <text>',
  ]);
  expect(standingFrom(JSON.parse(JSON.stringify(standing)), NOW_MS)).toEqual(standing);
});

const ended = { ...run, running: [], awaited: [], phase: 'failed', frozenUntilMs: UNTIL_MS };
test("a freeze that outlives its run is somebody's business, though nothing is left that the run could take back", () => {
  expect(linesOf(standingOf(facts({ runs: [ended] })), NOW_MS).join()).not.toContain('payouts stay frozen');
  const lines = linesOf(standingOf(facts({ phase: 'failed', runs: [ended] })), UNTIL_MS - 1);
  expect(lines.filter((line) => /NEXT|firebreak/.test(line)).slice(-2)).toEqual([
    expect.stringMatching(
      /NEXT +committee: payouts stay frozen, unless lifted since: sign a lift .*, by 2027-01-15 08:10 UTC/,
    ),
    '             firebreak order make lift --reason <text> [--chain <committee epochs file>]',
  ]);
  expect(lines).toContain('  frozen     payouts, until 2027-01-15 08:10 UTC, unless lifted since');
  expect(linesOf(standingOf(facts({ phase: 'over', runs: [ended] })), NOW_MS)).toContain('  NEXT       nobody');
});

test('nobody is asked about a freeze that has ended by itself, whichever reader says so', () => {
  const standing = standingOf(facts({ phase: 'failed', runs: [ended] }));
  expect(standing.next.map(({ role }) => role)).toEqual(['commander', 'committee']);
  const lines = linesOf(standing, UNTIL_MS);
  expect(lines.filter((line) => /NEXT/.test(line))).toEqual([
    expect.stringMatching(/commander: the playbook has ended/),
  ]);
  expect(lines).toContain('  frozen     payouts were frozen until 2027-01-15 08:10 UTC, unless lifted before');
  const read = (nowMs: number) => standingFrom(JSON.parse(JSON.stringify(standing)), nowMs)?.next.length;
  expect([read(UNTIL_MS - 1), read(UNTIL_MS)]).toEqual([2, 1]);
});

test('an incident that is over asks nobody for anything and owes nobody a word', () => {
  const standing = standingOf(
    facts({ phase: 'over', toldAtMs: 1, runs: [{ ...run, awaited: [asked(1)] }], unconfirmed: 'x' }),
  );
  expect([standing.next, standing.nextWordDueMs]).toEqual([[], null]);
  expect(linesOf(standing, NOW_MS)).toContain('  NEXT       nobody');
});

test('the next word is due an hour after the last one of a SEV1, and what is said names roles, alerts and a freeze', () => {
  const standing = standingOf(
    facts({
      toldAtMs: 1_800_000_000_000,
      roles: { commander: { name: 'ann', sinceMs: 1_800_000_000_000, by: 'platform' } },
      alerts: [
        { name: 'a', source: 's', status: 'firing', atMs: 1 },
        { name: 'b', source: 's', status: 'resolved', atMs: 1 },
      ],
      runs: [{ ...run, awaited: [], frozenUntilMs: 1_800_000_600_000 }],
    }),
  );
  expect(standing.nextWordDueMs).toBe(1_800_003_600_000);
  const text = linesOf(standing, NOW_MS).join('\n');
  for (const part of [
    /roles +commander ann \(since 2027-01-15 08:00 UTC\)/,
    /1 firing, 1 resolved/,
    /frozen +payouts, until 2027-01-15 08:10/,
  ])
    expect(text).toMatch(part);
});

test('whatever texts are put in, a standing is small, shows no control, and comes back from a memo as it was', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(text, text, fc.array(text, { maxLength: 12 }), (title, what, events) => {
      const timeline = events.reduce<Timeline>(
        (lines, each) => withEvent(lines, { atMs: 1, kind: 'note', by: each, text: each }),
        NO_EVENTS,
      );
      const standing = standingOf(
        facts({ title, timeline, runs: [{ ...run, awaited: [{ ...asked(1), what, kind: 'form' }] }] }),
      );
      expect(JSON.stringify(standing).length).toBeLessThan(16_000);
      expect(linesOf(standing, NOW_MS).join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(standingFrom(JSON.parse(JSON.stringify(standing)), NOW_MS)).toEqual(standing);
    }),
  );
});

test('what is no standing is not read as one, and throws nothing', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(standingFrom(value, NOW_MS)).toBeUndefined();
    }),
  );
  const sound = standingOf(facts());
  expect(standingFrom({ ...sound, version: 2 }, NOW_MS)).toBeUndefined();
  expect(standingFrom({ ...sound, severity: 'SEV9' }, NOW_MS)).toBeUndefined();
  expect(standingFrom({ ...sound, next: 'nobody', roles: [], happened: [1, null, {}] }, NOW_MS)).toMatchObject({
    next: [],
    roles: {},
    happened: [{ atMs: 0, by: '', text: '' }],
  });
});

test('a timeline keeps notes of people when the platform talks too much, counts what made place, and cuts long lines', () => {
  let timeline = withEvent(NO_EVENTS, { atMs: 0, kind: 'note', by: 'ann', text: 'x'.repeat(10_000) });
  for (let at = 1; at <= EVENTS_MAX + 50; at += 1)
    timeline = withEvent(timeline, { atMs: at, kind: 'run', by: 'platform', text: String(at) });
  expect(timeline.events).toHaveLength(EVENTS_MAX);
  expect(timeline.leftOut).toBe(51);
  expect(timeline.events[0]).toMatchObject({ by: 'ann' });
  expect(timeline.events[0]?.text).toHaveLength(EVENT_CHARACTERS_MAX);
  expect(timeline.events.at(-1)?.text).toBe(String(EVENTS_MAX + 50));
});

test('a freeze is said to lapse half an hour before, and a short one when a quarter of it is left', () => {
  expect(freezeNoticeMs(7_200_000, 0)).toBe(5_400_000);
  expect(freezeNoticeMs(600_000, 0)).toBe(450_000);
  expect(freezeNoticeMs(1_000, 5_000)).toBe(1_000);
});
