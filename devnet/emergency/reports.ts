import { askReport } from '../../cli/status/reports.ts';
import { validatorIds } from '../layout.ts';
import { LOOPBACK } from '../ports.ts';
import type { EmergencyStage } from './stage.ts';

/** What every validator says about itself; throws as long as one is silent. */
export async function reportsOf({ network }: EmergencyStage) {
  const urls = validatorIds().map((id) => `http://${LOOPBACK}:${network.ports.api(id)}`);
  const reports = await Promise.all(urls.map(askReport));
  return reports.map((report) => {
    if (report.up) return report;
    throw new Error(`${report.url} ${report.why}`);
  });
}
