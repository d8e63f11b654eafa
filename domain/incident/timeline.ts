import { inertText } from '../alert/text.ts';
import type { BlobRef } from '../ports/blob-store.ts';

/** What a person attached: its bytes lie in the blob store under this digest. */
export type Attachment = { readonly name: string; readonly blob: BlobRef };

export const EVENT_KINDS = [
  'opened',
  'alert',
  'run',
  'role',
  'severity',
  'note',
  'notice',
  'waiting',
  'decision',
  'closed',
] as const;
/** One thing that happened, as one line. */
export type TimelineEvent = {
  /** Unix milliseconds by the workflow's clock. */
  readonly atMs: number;
  readonly kind: (typeof EVENT_KINDS)[number];
  /** Who did it, in their own words; `platform` when nobody did. */
  readonly by: string;
  readonly text: string;
  readonly attachments?: readonly Attachment[];
};

/** Newest last. What made place for newer lines is counted; it stays in the histories of the workflow and in the audit records. */
export type Timeline = { readonly events: readonly TimelineEvent[]; readonly leftOut: number };

export const EVENTS_MAX = 300;
export const EVENT_CHARACTERS_MAX = 500;
export const ATTACHMENTS_MAX = 5;
/** Notes of people are never crowded out by what the platform says of itself. */
export const NOTES_MAX = 100;
export const NO_EVENTS: Timeline = { events: [], leftOut: 0 };

/** Adds a line. When there is no more room, the oldest line that no person wrote makes place. */
export function withEvent({ events, leftOut }: Timeline, event: TimelineEvent): Timeline {
  const next = [
    ...events,
    { ...event, by: inertText(event.by, 100), text: inertText(event.text, EVENT_CHARACTERS_MAX) },
  ];
  if (next.length <= EVENTS_MAX) return { events: next, leftOut };
  const oldest = next.findIndex(({ kind }) => kind !== 'note' && kind !== 'opened');
  return { events: next.filter((_event, at) => at !== oldest), leftOut: leftOut + 1 };
}
