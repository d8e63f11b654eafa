import { watch } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { ValidatorId } from '../../domain/network/network.ts';
import { readJournal } from '../../validator/custody/journal/read.ts';
import { closes, eventsOf, type HistoryEvent, timeOf } from '../history.ts';
import type { Layout } from '../layout.ts';
import { phaseIn } from '../phases.ts';

/** One step that a process wrote down durably, as somebody sees it who only looks. */
export type Step = {
  /** The same in every run of a workflow: `planPayout ended`, `partial signature 2`. */
  readonly label: string;
  /** The validator whose journal it is; absent: the history. */
  readonly by?: ValidatorId;
  /** When it was written down, by whoever wrote it: all of them read the same clock. */
  readonly atMs: number;
};

/** What is known of one run while it goes on. */
export type Trail = {
  readonly workflowId: string;
  readonly history: Step[];
  readonly ceremonies: Set<string>;
  phase: string | undefined;
  closedAtMs: number | undefined;
};
export type JournalRow = {
  readonly ceremony: string;
  readonly step: string;
  readonly by: ValidatorId;
  readonly atMs: number;
};

/** Every step of a run, of its history and of the journals of its ceremonies, in the order of their times. */
export function stepsOf(trail: Trail, rows: readonly JournalRow[]): readonly Step[] {
  const counts = new Map<string, number>();
  const journalled = rows
    .filter(({ ceremony }) => trail.ceremonies.has(ceremony))
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ step, by, atMs }): Step => {
      const count = (counts.get(step) ?? 0) + 1;
      counts.set(step, count);
      return { label: `${step} ${count}`, by, atMs };
    });
  return [...withoutHalves(trail), ...journalled].sort((a, b) => a.atMs - b.atMs);
}

/** What a workflow task asks for, or the end of the run, is written down together with its own end: nothing can come between them. */
const withoutHalves = ({ history, closedAtMs }: Trail): readonly Step[] =>
  history.filter(({ label }, at) => {
    if (!label.startsWith(TASK_ENDED)) return true;
    const next = history[at + 1]?.label;
    return next === undefined ? closedAtMs === undefined : !ASKED_FOR.test(next);
  });

const ASKED_FOR = /(?: scheduled|^timer started)(?: \d+)?$/;
const TASK_ENDED = 'workflow task ended';
const CEREMONY = /(?:signing|keygen|selftest)-[0-9a-f]{32}/g;

/** Follows the history of a run as it grows, by long polls, until it is closed or `signal`; one that begins later is not asked for before. */
export function followHistory(
  client: Client,
  workflowId: string,
  signal: AbortSignal,
  onStep: (step: Step) => void,
  beginsInMs = 0,
): Trail {
  const trail: Trail = { workflowId, history: [], ceremonies: new Set(), phase: undefined, closedAtMs: undefined };
  void wait(beginsInMs).then(() => follow(client, trail, signal, onStep));
  return trail;
}

async function follow(client: Client, trail: Trail, signal: AbortSignal, onStep: (step: Step) => void): Promise<void> {
  const labels = labelling();
  for await (const event of eventsOf(client, trail.workflowId, signal)) {
    trail.phase = phaseIn(event) ?? trail.phase;
    for (const [ceremony] of wordsIn(event).matchAll(CEREMONY)) trail.ceremonies.add(ceremony);
    if (closes(event)) trail.closedAtMs = timeOf(event);
    const label = labels(event);
    if (label === undefined) continue;
    const step = { label, atMs: timeOf(event) };
    trail.history.push(step);
    onStep(step);
  }
}

/** What activities are given and what they give back names the ceremonies of a run. */
function wordsIn(event: HistoryEvent): string {
  const payloads =
    event.activityTaskScheduledEventAttributes?.input?.payloads ??
    event.activityTaskCompletedEventAttributes?.result?.payloads ??
    [];
  return payloads.map(({ data }) => Buffer.from(data ?? []).toString('latin1')).join('\n');
}

/** Labels do not depend on numbers of events: what a kill adds to a history must not rename what comes after it. */
function labelling(): (event: HistoryEvent) => string | undefined {
  const scheduled = new Map<string, string>();
  const counts = new Map<string, number>();
  const numbered = (label: string): string => {
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    return count === 1 ? label : `${label} ${count}`;
  };
  return (event) => {
    const begun = event.activityTaskScheduledEventAttributes;
    if (begun) {
      scheduled.set(String(event.eventId), begun.activityType?.name ?? 'activity');
      return numbered(`${begun.activityType?.name} scheduled`);
    }
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes;
    if (ended) return numbered(`${scheduled.get(String(ended.scheduledEventId))} ended`);
    if (event.workflowExecutionStartedEventAttributes) return numbered('run started');
    if (event.workflowTaskStartedEventAttributes) return numbered('workflow task started');
    if (event.workflowTaskCompletedEventAttributes) return numbered(TASK_ENDED);
    if (event.timerStartedEventAttributes) return numbered('timer started');
    if (event.timerFiredEventAttributes) return numbered('timer fired');
    const child = event.childWorkflowExecutionStartedEventAttributes;
    if (child) return numbered(`child ${child.workflowType?.name} started`);
    const over = event.childWorkflowExecutionCompletedEventAttributes;
    if (over) return numbered(`child ${over.workflowType?.name} ended`);
    return undefined;
  };
}

/** A write is told before it can be read. */
const READ_AGAIN_MS = 4;

/** Tells every step that the journals record from now on. Nothing is written, and nobody is asked. */
export function followJournals(
  layout: Layout,
  validators: readonly ValidatorId[],
  signal: AbortSignal,
  onRow: (row: JournalRow, count: number) => void,
): readonly JournalRow[] {
  const told: JournalRow[] = [];
  for (const by of validators) {
    const { dir, journal: file } = layout.validator(by);
    const journal = readJournal(file);
    let last = journal.steps.last();
    const look = (): void => {
      if (signal.aborted) return;
      for (const { number, ceremony, step, atMs } of journal.steps.after(last)) {
        last = number;
        const row = { ceremony, step, by, atMs };
        told.push(row);
        onRow(row, told.filter((each) => each.ceremony === ceremony && each.step === step).length);
      }
    };
    const lookAgain = (): void => {
      try {
        look();
      } catch {
        // its owner is just being killed or started; the next write is looked at again
      }
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watcher = watch(dir, (_event, name) => {
      if (name?.startsWith('journal.sqlite') !== true || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        lookAgain();
      }, READ_AGAIN_MS);
    });
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      watcher.close();
      journal.close();
    });
  }
  return told;
}
