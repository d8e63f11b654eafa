/** What half of the engine's page shows of a line on a laptop; the rest of a longer one is behind its edge. */
export const PAGE_CHARACTERS = 56;
/** Under what a line says, behind its name. */
const INDENT = ' '.repeat(13);

/** Lines for the engine's own page, which breaks none by itself: each is folded, so that nothing of it is out of sight. */
export const pageLines = (lines: readonly string[]): readonly string[] => lines.flatMap(folded);

function folded(line: string): readonly string[] {
  const rows: string[] = [];
  let rest = [...line];
  while (rest.length > PAGE_CHARACTERS) {
    const space = rest.lastIndexOf(' ', PAGE_CHARACTERS);
    // A name that is longer than a row is cut where the row ends.
    const end = space > INDENT.length ? space : PAGE_CHARACTERS;
    rows.push(rest.slice(0, end).join('').trimEnd());
    rest = [...INDENT, ...rest.slice(end).join('').trimStart()];
  }
  return [...rows, rest.join('')];
}
