const WHITE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Our documents are three levels deep. */
const DEPTH_MAX = 64;

/**
 * Where a text stops being JSON (RFC 8259), as line and column from 1; the end of the text when it is merely cut short.
 * Node names a place only for some mistakes, so a text that `JSON.parse` refused is read once more, just for this.
 */
export function placeOfJsonError(text: string): { readonly line: number; readonly column: number } {
  const before = text.slice(0, readValue(text, 0, 0).at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** How far the text is right, and whether the piece that was asked for is complete. */
type Progress = { readonly at: number; readonly ok: boolean };

function readValue(text: string, from: number, depth: number): Progress {
  const at = skip(WHITE, text, from) ?? from;
  if (depth > DEPTH_MAX) return { at, ok: false };
  if (text[at] === '{') return readItems(text, at + 1, '}', (start) => readField(text, start, depth));
  if (text[at] === '[') return readItems(text, at + 1, ']', (start) => readValue(text, start, depth + 1));
  const end = skip(STRING, text, at) ?? skip(SCALAR, text, at);
  return end === undefined ? { at, ok: false } : { at: end, ok: true };
}

function readField(text: string, from: number, depth: number): Progress {
  const at = skip(WHITE, text, from) ?? from;
  const name = skip(STRING, text, at);
  if (name === undefined) return { at, ok: false };
  const colon = skip(WHITE, text, name) ?? name;
  return text[colon] === ':' ? readValue(text, colon + 1, depth + 1) : { at: colon, ok: false };
}

function readItems(text: string, from: number, close: string, readItem: (start: number) => Progress): Progress {
  const first = skip(WHITE, text, from) ?? from;
  if (text[first] === close) return { at: first + 1, ok: true };
  let at = from;
  while (at < text.length) {
    const item = readItem(at);
    if (!item.ok) return item;
    at = skip(WHITE, text, item.at) ?? item.at;
    if (text[at] === close) return { at: at + 1, ok: true };
    if (text[at] !== ',') return { at, ok: false };
    at += 1;
  }
  return { at, ok: false };
}

function skip(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
