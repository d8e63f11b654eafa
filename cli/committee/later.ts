import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATOR_FILE, readOperator } from '../operator.ts';
import { askReport } from '../status/reports.ts';

/**
 * What people are warned of who sign, propose or judge: that most validators of the data folder say they follow a later committee. They say it over
 * HTTP and prove nothing, so it stops nobody; a machine without a data folder, or without network, hears nothing.
 */
export async function laterCommittee(
  { data, network }: { readonly data: string; readonly network?: string },
  epoch: number,
): Promise<string | undefined> {
  if (network !== undefined || !existsSync(join(data, OPERATOR_FILE))) return undefined;
  const reports = await Promise.all(readOperator(data).validators.map(askReport));
  const said = reports.flatMap((report) => (report.up ? (report.committeeEpoch ?? []) : []));
  const later = said.filter((each) => each > epoch);
  if (later.length * 2 <= said.length) return undefined;
  return `${later.length} of ${said.length} validators that answer say they follow epoch ${Math.max(...later)} of the committee, and nothing new of epoch ${epoch}: give --chain`;
}
