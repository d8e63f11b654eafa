import { inertText } from '../alert/text.ts';
import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import type { Severity } from '../playbook/plan.ts';

/** How far an incident is, in the words that outsiders are told (custody specification, 13.3). */
export const PHASES = ['investigating', 'identified', 'monitoring', 'resolved'] as const;
export type Phase = (typeof PHASES)[number];

/** One message to people, before a channel gives it a form. */
export type Notice = {
  /** Equal for everything about one incident: a pager makes one alert of it. See `threadOf`. */
  readonly thread: string;
  readonly severity: Severity;
  /** Nothing real happened: a drill, or a devnet. Every channel shows it. */
  readonly exercise: boolean;
  /** One line without severity and exercise mark; `headlineOf` puts them in front. */
  readonly title: string;
  /** Plain text. */
  readonly body: string;
  /** Unix milliseconds. */
  readonly issuedAtMs: number;
  /** Where the reader finds more. It comes from the configuration, never from an alert: it is the one thing that may become a link. */
  readonly link?: string;
};

export const TITLE_CHARACTERS_MAX = 200;
export const BODY_LINES_MAX = 100;
export const BODY_LINE_CHARACTERS_MAX = 500;
/** Whatever fits here fits into two messages of the smallest channel that we know (Slack: 3,000 characters per block). */
export const BODY_CHARACTERS_MAX = 5_800;
const LINK = /^https:\/\/[\x21-\x7e]{1,500}$|^http:\/\/(127\.0\.0\.1|localhost|\[::1\])[\x21-\x7e]{0,500}$/;

/** A name for the conversation that holds no word of a stranger: some pagers show it, and mail carries it in a header. */
export const threadOf = (network: string, subject: string): Digest =>
  documentDigest(TAGS.noticeThread, { network, subject });

/** What every channel puts first. An exercise says so before it says anything else. */
export const headlineOf = ({ severity, exercise, title }: Notice): string =>
  `${exercise ? '[EXERCISE] ' : ''}[${severity}] ${title}`;

/**
 * The notice as a channel may handle it, whoever wrote the words: bounded, nothing unseen (terminal controls, text direction), one line
 * where one line is meant, no address that a program turns into a link. What is left is for the channel: to send it as plain text.
 */
export function inertNotice(notice: Notice): Notice {
  const { link, ...rest } = notice;
  const lines = notice.body.slice(0, BODY_CHARACTERS_MAX * 4).split(/\r\n|[\r\n\u2028\u2029\v\f]/);
  const body = lines.slice(0, BODY_LINES_MAX).map((line) => withoutLinks(indented(line)));
  const whole = lines.length > BODY_LINES_MAX ? [...body, '…'] : body;
  return {
    ...rest,
    title: withoutLinks(inertText(notice.title, TITLE_CHARACTERS_MAX)) || '(no title)',
    body: cut(
      whole
        .join('\n')
        .replaceAll(/\n{3,}/g, '\n\n')
        .trim(),
    ),
    ...(link !== undefined && LINK.test(link) ? { link } : {}),
  };
}

const indented = (line: string): string =>
  `${/^ {0,8}/.exec(line)?.[0] ?? ''}${inertText(line, BODY_LINE_CHARACTERS_MAX)}`.trimEnd();

/** Readers still see the address; what shows it does not offer to open it. */
const withoutLinks = (text: string): string => text.replaceAll('://', '[:]//');

const cut = (text: string): string => {
  const characters = [...text];
  return characters.length <= BODY_CHARACTERS_MAX ? text : `${characters.slice(0, BODY_CHARACTERS_MAX - 1).join('')}…`;
};
