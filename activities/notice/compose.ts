import { nextWordDueMs } from '../../domain/notification/cadence.ts';
import { inertNotice, type Notice, TITLE_CHARACTERS_MAX } from '../../domain/notification/notice.ts';
import { LINES_MAX, type NoticeWords } from '../../domain/notification/words.ts';
import type { Severity } from '../../domain/playbook/plan.ts';
import type { Renderer } from './render.ts';

/** What is about to be said, to whom it does not matter here. */
export type Saying = {
  readonly thread: string;
  readonly severity: Severity;
  readonly network: string;
  readonly exercise: boolean;
  readonly issuedAtMs: number;
  readonly link?: string;
};

/** Words in the form of their kind, severity and phase. Throws what the renderer throws. */
export function compose(render: Renderer, words: NoticeWords, saying: Saying): Notice {
  const { network: _network, ...rest } = saying;
  const { title, body } = render(templateOf(words, saying.severity), valuesOf(words, saying));
  return inertNotice({ ...rest, title, body });
}

function templateOf(words: NoticeWords, severity: Severity): string {
  const level = severity.toLowerCase();
  if (words.kind === 'incident') return `incident/${level}/${words.phase}`;
  return words.kind === 'call' ? `call/${level}` : 'page';
}

function valuesOf(words: NoticeWords, { network, severity, issuedAtMs }: Saying): Readonly<Record<string, unknown>> {
  if (words.kind === 'page') return { page: { network, headline: words.text, lines: linesOf(words.text) } };
  if (words.kind === 'call') {
    const { kind: _kind, deadlineMs, actions, ...rest } = words;
    const deadline = deadlineMs === null ? null : utc(deadlineMs);
    return { call: { ...rest, network, deadline, actions: some(actions), issuedAt: utc(issuedAtMs) } };
  }
  const { kind: _kind, phase: _phase, detectedAtMs, impact, done, next, ...rest } = words;
  const dueMs = nextWordDueMs(severity, issuedAtMs);
  return {
    incident: {
      ...rest,
      network,
      detectedAt: utc(detectedAtMs),
      nextUpdateAt: dueMs === undefined ? null : utc(dueMs),
      impact: some(impact),
      done: some(done),
      next: some(next),
    },
  };
}

/** Nothing below a headline that already says it all; else the whole text again, in lines that a notice keeps whole. */
const linesOf = (text: string): readonly string[] =>
  text.length <= TITLE_CHARACTERS_MAX ? [] : (text.match(/[^]{1,400}/gu) ?? []).slice(0, LINES_MAX);

const some = (lines: readonly string[]): readonly string[] =>
  lines.length <= LINES_MAX ? lines : [...lines.slice(0, LINES_MAX - 1), `and ${lines.length - LINES_MAX + 1} more`];

const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
