/**
 * Text of an alert is written by whoever can make something fail, so it is data for us and for nobody behind us: it drives no
 * terminal, is no markup, and hides nothing. Two functions do that: one where text comes in, one where it goes into Markdown.
 */

/**
 * What is shown as something else than it is: controls of terminals (C0, DEL, C1), line and paragraph separators, text direction
 * and whatever else is not seen (categories Cc, Cf, Zl, Zp, and all that fonts may ignore), halves of surrogate pairs, and private or unassigned places.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}]/gu;
const REPLACEMENT = '\uFFFD';
const CUT = '…';

/** One line of at most `charactersMax` visible characters; white space becomes single spaces, everything unseen the replacement character. */
export function inertText(text: string, charactersMax: number): string {
  // Cut first: a body may hold a megabyte in one label.
  const bounded = text.slice(0, charactersMax * 4);
  const seen = bounded.replaceAll(/\s+/g, ' ').trim().replaceAll(UNSEEN, REPLACEMENT);
  const whole = [...seen];
  return whole.length <= charactersMax && bounded.length === text.length
    ? seen
    : `${whole.slice(0, charactersMax - 1).join('')}${CUT}`;
}

/**
 * The text as a code span: between backticks nothing is a link, an image, HTML or emphasis (CommonMark §6.1). Braces are parted, so
 * that a page that fills in templates finds none.
 */
export function asMarkdown(text: string, charactersMax = 200): string {
  const plain = inertText(text, charactersMax)
    .replaceAll('`', "'")
    .replaceAll(/(?<=[{$#])(?=[{%#(])|(?<=[}%#])(?=\})/g, ' ');
  return plain === '' ? '(empty)' : `\`${plain}\``;
}

/** For a sentence: quoted, so that it is seen where the foreign text begins and ends. */
export const quoted = (text: string, charactersMax = 80): string => JSON.stringify(inertText(text, charactersMax));
