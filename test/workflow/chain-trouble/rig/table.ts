import { type Cell, type CellWay, DEPTHS, FATES, nameOf } from './cells.ts';

/** How a cell ended, by its name. */
export type Ends = ReadonlyMap<string, string>;

/** Every cell in its place: how it ended, the number of the reason why it cannot exist, or that it was not run. */
export function tableOf(cells: readonly CellWay[], ends: Ends): string {
  const reasons: string[] = [];
  const endings: string[] = [];
  const mark = (list: string[], text: string, sign: (at: number) => string): string => {
    if (!list.includes(text)) list.push(text);
    return sign(list.indexOf(text));
  };
  const inCell = (cell: CellWay): string => {
    if ('reason' in cell) return mark(reasons, cell.reason, (at) => `(${at + 1})`);
    const end = ends.get(nameOf(cell));
    return end === undefined ? 'not run' : mark(endings, end, letter);
  };
  const phases = [...Map.groupBy(cells, ({ workflow, phase }) => `${workflow}: ${phase}`)];
  const rows = phases.flatMap(([phase, own]) =>
    FATES.map((fate) => {
      const there = own.filter((cell: Cell) => cell.fate === fate);
      const each = DEPTHS.map((depth) =>
        there
          .filter((cell) => cell.depth === depth)
          .map(inCell)
          .join(''),
      );
      return `| ${phase} | ${fate} | ${each.join(' | ')} |`;
    }),
  );
  return [
    `| in | deposit | ${DEPTHS.map((depth) => `${depth} deep`).join(' | ')} |`,
    `|---|---|${DEPTHS.map(() => '---|').join('')}`,
    ...rows,
    '',
    ...endings.map((text, at) => `- **${letter(at)}** ${text}`),
    '',
    ...reasons.map((text, at) => `- (${at + 1}) ${text}`),
  ].join('\n');
}

const letter = (at: number): string =>
  (at < 26 ? '' : letter(Math.floor(at / 26) - 1)) + String.fromCharCode(65 + (at % 26));
