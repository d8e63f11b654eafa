import type { Row, Table } from './rows.ts';

/** Appends to a table that only tells: the newest `kept` rows stay, so that a noisy peer cannot fill the disk. */
export function appendNumbered(table: Table, kept: number, row: Row): void {
  const number = Number(table.first('ORDER BY number DESC LIMIT 1')?.['number'] ?? 0) + 1;
  table.insert({ ...row, number });
  if (number > kept) table.remove('WHERE number <= ?', number - kept);
}
