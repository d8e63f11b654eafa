type Path = readonly (string | number)[];

/**
 * On which line a setting stands, so that every message about it can say so. Reads the layout of a TOML text (tables and keys),
 * not its values: the parser has already accepted the text. A key of an inline or dotted form falls back to its nearest parent.
 */
export function linesOf(text: string): (path: Path) => number | undefined {
  const lines = new Map<string, number>();
  let table = '';
  let fence: string | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (fence !== undefined) {
      if (line.includes(fence)) fence = undefined;
      continue;
    }
    const header = /^\[{1,2}\s*([^\]]+?)\s*\]{1,2}/.exec(line);
    if (header?.[1] !== undefined) table = plain(header[1]);
    const key = header === null ? /^([A-Za-z0-9_\-."' ]+?)\s*=/.exec(line)?.[1] : undefined;
    const name = key === undefined ? table : [table, plain(key)].filter((part) => part !== '').join('.');
    if ((header !== null || key !== undefined) && !lines.has(name)) lines.set(name, index + 1);
    fence = key === undefined ? undefined : openedFence(line);
  }
  return (path) => {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const line = lines.get(path.slice(0, depth).join('.'));
      if (line !== undefined) return line;
    }
    return undefined;
  };
}

const plain = (name: string): string => name.replaceAll(/["'\s]/g, '');

/** A multi-line string hides what looks like keys until its fence closes. */
function openedFence(line: string): string | undefined {
  return ['"""', "'''"].find((mark) => line.split(mark).length === 2);
}
