import { expect, test } from '@jest/globals';
import type { AuditEntry } from '../../domain/audit/record.ts';
import type { TimelineEvent } from '../../domain/incident/timeline.ts';
import { doneIn, doneInTimeline } from './done.ts';

const entry = (kind: string, facts: object, by = 'platform') => ({ kind, facts, atMs: 1, by }) as unknown as AuditEntry;

test('what a person answered is among what was done, with who and what', () => {
  const answered = entry('task.answered', { run: 'r', step: 'cause', values: { what: 'theft', seen: 2 } }, 'ann');
  expect(doneIn(answered)).toEqual({ atMs: 1, text: 'ann answered step cause: what theft, seen 2' });
});

test('what a run only began, looked at or asked for is not called done', () => {
  for (const kind of ['step.started', 'step.ended', 'task.asked', 'approval.asked', 'vote.counted', 'playbook.opened'])
    expect(doneIn(entry(kind, { run: 'r', step: 's' }))).toBeUndefined();
  expect(doneIn(entry('step.undone', { step: 's', outcome: 'failed' }))).toBeUndefined();
});

test('a freeze that was taken back was not lifted by that: the committee was asked to', () => {
  const undone = (does: string) => doneIn(entry('step.undone', { step: 'freeze', does, outcome: 'finished' }))?.text;
  expect(undone('custody.askForLift')).toBe('the committee was asked to lift what step freeze froze');
  expect(undone('custody.resumeValidator')).toBe('step freeze was taken back');
});

test('notices, questions and the phases of a run in between are left out of what the timeline says was done', () => {
  const line = (kind: TimelineEvent['kind'], text: string): TimelineEvent => ({ atMs: 1, kind, by: 'x', text });
  const kept = [
    line('opened', 'opened as SEV2'),
    line('run', 'node-disk-full: halted, policy.run-stopped: ann stopped it'),
    line('note', 'I am looking'),
    line('closed', 'its playbook ended: freed'),
  ];
  const rest = [
    line('run', 'node-disk-full: running'),
    line('run', 'node-disk-full: task'),
    line('notice', 'told (waiting): form: Is it full?'),
    line('waiting', 'operations is asked: form'),
  ];
  expect(doneInTimeline([...rest, ...kept])).toEqual(kept);
});
