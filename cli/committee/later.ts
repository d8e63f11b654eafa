import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OPERATOR_FILE, readOperator } from '../operator.ts';
import { askReport } from '../status/reports.ts';

type Where = { readonly data: string; readonly network?: string };

/**
 * What people are warned of who sign, propose, install or judge: that most validators of the data folder say they follow a later committee. They say
 * it over HTTP and prove nothing, and one that lies may be all that answers, so it stops nobody.
 */
export const laterCommittee = async (where: Where, epoch: number): Promise<string | undefined> =>
  laterThan(epoch, await saidEpochs(where));

/** Of each validator that answers; a machine without a data folder, or without network, hears nothing. */
export async function saidEpochs({ data, network }: Where): Promise<readonly number[]> {
  if (network !== undefined || !existsSync(join(data, OPERATOR_FILE))) return [];
  const reports = await Promise.all(readOperator(data).validators.map(askReport));
  return reports.flatMap((report) => (report.up ? (report.committeeEpoch ?? []) : []));
}

export function laterThan(epoch: number, said: readonly number[]): string | undefined {
  const later = said.filter((each) => each > epoch);
  if (later.length * 2 <= said.length) return undefined;
  return `${later.length} of ${said.length} validators that answer say they follow epoch ${Math.max(...later)} of the committee, and nothing new of epoch ${epoch}: give --chain`;
}
