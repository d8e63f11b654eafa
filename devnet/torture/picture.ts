import { type Kind, KINDS } from './fault.ts';
import type { Ledger } from './ledger.ts';

const COLUMNS = 72;
const NAME_WIDTH = 22;
const ROW = 16;
const LEFT = 170;
const WIDTH = 900;

type Span = { readonly fromMs: number; readonly toMs: number };
type Rows = { readonly kind: Kind; readonly spans: readonly Span[] }[];

/** Faults by kind over time, and payouts that were settled, as lines of a terminal. */
export function timelineLines(ledger: Ledger): readonly string[] {
  const { from, to } = frame(ledger);
  const bucketMs = Math.max(1, (to - from) / COLUMNS);
  const columnOf = (ms: number): number => Math.min(COLUMNS - 1, Math.max(0, Math.floor((ms - from) / bucketMs)));
  const line = (name: string, cells: readonly string[]): string => `  ${name.padEnd(NAME_WIDTH)} ${cells.join('')}`;
  const faults = rowsOf(ledger).map(({ kind, spans }) => {
    const cells = Array.from({ length: COLUMNS }, () => '·');
    for (const { fromMs, toMs } of spans)
      for (let at = columnOf(fromMs); at <= columnOf(toMs); at += 1) cells[at] = '█';
    return line(kind, cells);
  });
  const paid = Array.from({ length: COLUMNS }, () => 0);
  for (const { endedAtMs } of ledger.payouts)
    if (endedAtMs >= from) paid[columnOf(endedAtMs)] = (paid[columnOf(endedAtMs)] ?? 0) + 1;
  return [
    ...faults,
    line(
      'payouts settled',
      paid.map((count) => (count === 0 ? '·' : count > 9 ? '+' : String(count))),
    ),
    line('', [`0 s${`${((to - from) / 1_000).toFixed(0)} s`.padStart(COLUMNS - 3)}`]),
  ];
}

/** The same as a picture; every payout is a line from its request to its settlement. */
export function timelineSvg(ledger: Ledger, title: string): string {
  const { from, to } = frame(ledger);
  const x = (ms: number): string => (LEFT + ((ms - from) / (to - from)) * WIDTH).toFixed(1);
  const rows = rowsOf(ledger);
  const payouts = ledger.payouts.filter(({ endedAtMs }) => endedAtMs >= from);
  const height = ROW * (rows.length + payouts.length / 3 + 4);
  const bar = ({ fromMs, toMs }: Span, y: number, colour: string, size: number): string => {
    const left = Number(x(Math.max(from, fromMs)));
    return `<rect x="${left}" y="${y}" width="${Math.max(2, Number(x(toMs)) - left).toFixed(1)}" height="${size}" fill="${colour}"/>`;
  };
  const faults = rows.flatMap(({ kind, spans }, index) => {
    const y = ROW * (index + 2);
    return [
      `<text x="${LEFT - 8}" y="${y + 11}" text-anchor="end">${kind}</text>`,
      ...spans.map((span) => bar(span, y + 2, kind.startsWith('hostile') ? '#b3261e' : '#c77700', ROW - 5)),
    ];
  });
  const top = ROW * (rows.length + 3);
  const settled = payouts.map(({ startedAtMs, endedAtMs }, index) =>
    bar({ fromMs: startedAtMs, toMs: endedAtMs }, top + (index * ROW) / 3, '#1b6e3c', 3),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${height.toFixed(0)}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#ffffff"/><text x="8" y="14">${title}</text>`,
    ...faults,
    `<text x="${LEFT - 8}" y="${top + 8}" text-anchor="end">payouts</text>`,
    ...settled,
    '</svg>\n',
  ].join('\n');
}

const frame = ({ stormAtMs, doneAtMs }: Ledger): { readonly from: number; readonly to: number } => ({
  from: stormAtMs,
  to: Math.max(stormAtMs + 1, doneAtMs),
});

const rowsOf = ({ strikes }: Ledger): Rows =>
  KINDS.map((kind) => ({
    kind,
    spans: strikes
      .filter(({ fault, missed }) => fault.kind === kind && missed === undefined)
      .map(({ beganAtMs, endedAtMs }) => ({ fromMs: beganAtMs, toMs: endedAtMs })),
  })).filter(({ spans }) => spans.length > 0);
