/** Where each field of a JSON text stands, and the first field that is named twice in one object. */
export type JsonLayout = {
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined;
  readonly repeated: readonly PropertyKey[] | undefined;
};

type Frame = { readonly path: readonly PropertyKey[]; readonly names: Set<string> | undefined; index: number };

/** No schema of ours is deeper; a hostile text of brackets alone must not cost the square of its length. */
const DEPTH_MAX = 64;

/**
 * Walks a text that `JSON.parse` has accepted: strings, brackets and line breaks are all it needs to know.
 * `JSON.parse` keeps the last of two equal names, and a person reads the first: such a text means two things.
 */
export function layoutOf(text: string): JsonLayout {
  const lines = new Map<string, number>();
  const stack: Frame[] = [];
  let repeated: readonly PropertyKey[] | undefined;
  let pending: readonly PropertyKey[] = [];
  let line = 1;
  const begin = (): void => {
    const frame = stack.at(-1);
    if (frame !== undefined && frame.names === undefined) pending = [...frame.path, frame.index];
    if (!lines.has(keyOf(pending))) lines.set(keyOf(pending), line);
  };
  for (let at = 0; at < text.length && stack.length <= DEPTH_MAX; at += 1) {
    const character = text[at];
    if (character === '\n') line += 1;
    else if (character === '{' || character === '[') {
      begin();
      stack.push({ path: pending, names: character === '{' ? new Set() : undefined, index: 0 });
    } else if (character === '}' || character === ']') stack.pop();
    else if (character === ',') {
      const frame = stack.at(-1);
      if (frame !== undefined) frame.index += 1;
    } else if (character === '"') {
      const end = endOfString(text, at);
      const frame = stack.at(-1);
      if (frame?.names !== undefined && followedByColon(text, end)) {
        const name = String(JSON.parse(text.slice(at, end + 1)));
        pending = [...frame.path, name];
        if (frame.names.has(name)) repeated ??= pending;
        frame.names.add(name);
        lines.set(keyOf(pending), line);
      } else begin();
      at = end;
    } else if (/[-0-9tfn]/.test(character ?? '')) {
      begin();
      while (/[-+.0-9A-Za-z]/.test(text[at + 1] ?? '')) at += 1;
    }
  }
  return { repeated, lineOf: (path) => nearest(lines, path) };
}

/** A field that is missing stands where its parent begins. */
function nearest(lines: ReadonlyMap<string, number>, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const line = lines.get(keyOf(path.slice(0, depth)));
    if (line !== undefined) return line;
  }
  return undefined;
}

const keyOf = (path: readonly PropertyKey[]): string => JSON.stringify(path);

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function followedByColon(text: string, end: number): boolean {
  let at = end + 1;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return text[at] === ':';
}
