import { headlineOf, type Notice } from '../../../domain/notification/notice.ts';

/** Slack allows 3,000 characters in the text of a section block. */
const SECTION_CHARACTERS_MAX = 2_900;

type PlainText = { readonly type: 'plain_text'; readonly text: string; readonly emoji: false };
type Block =
  | { readonly type: 'section'; readonly text: PlainText }
  | {
      readonly type: 'section';
      readonly text: { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true };
    };

/**
 * A notice as blocks of `plain_text`, in which Slack reads no link, mention, emphasis or emoji. `text` is what a telephone shows; there
 * Slack reads `<…>` and nothing else, because `parse` is none, so `&`, `<` and `>` are escaped as its documentation says.
 */
export function messageOf(notice: Notice): Readonly<Record<string, unknown>> {
  const plain = (text: string): Block => ({ type: 'section', text: { type: 'plain_text', text, emoji: false } });
  const blocks: Block[] = [plain(headlineOf(notice)), ...pieces(notice.body).map(plain)];
  if (notice.link !== undefined)
    blocks.push({ type: 'section', text: { type: 'mrkdwn', text: linkTo(notice.link), verbatim: true } });
  return {
    text: escaped(headlineOf(notice)),
    blocks,
    mrkdwn: false,
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** https://api.slack.com/reference/surfaces/formatting#escaping */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const linkTo = (link: string): string => `<${escaped(link).replaceAll('|', '%7C')}|Open the incident>`;

function pieces(text: string): readonly string[] {
  const found: string[] = [];
  let piece = '';
  for (const line of text.split('\n')) {
    if (piece.length + line.length + 1 > SECTION_CHARACTERS_MAX) {
      found.push(piece);
      piece = '';
    }
    piece = piece === '' ? line : `${piece}\n${line}`;
  }
  return [...found, piece].filter((one) => one !== '');
}
