/** Nobody mistypes a longer name into a known one, and the work of a comparison is bounded. */
const CHARACTERS_MAX = 60;

/** The known name that somebody meant who wrote another one: at most one character in three is wrong, missing or too many. */
export function nearestOf(written: string, known: readonly string[]): string | undefined {
  if (written.length > CHARACTERS_MAX) return undefined;
  const [best] = known
    .map((name) => ({ name, wrong: distance(written.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, wrong }) => wrong * 3 <= Math.max(name.length, written.length))
    .sort((one, other) => one.wrong - other.wrong);
  return best?.name;
}

/** Levenshtein: the fewest characters to change, add or leave out. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_unused, at) => at);
  for (const [line, letter] of [...one].entries()) {
    const next = [line + 1];
    for (const [column, expected] of [...other].entries())
      next.push(
        Math.min(
          (row[column] ?? 0) + (letter === expected ? 0 : 1),
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
