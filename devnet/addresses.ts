import { typed } from '../cli/report.ts';
import type { Network } from './network.ts';
import { LOOPBACK } from './ports.ts';

/** What a person may open or look into while the network stays up. */
export function addresses({ ports, layout }: Pick<Network, 'ports' | 'layout'>): readonly string[] {
  return [
    '',
    `Temporal UI   http://${LOOPBACK}:${ports.temporalUi}`,
    `validator 1   http://${LOOPBACK}:${ports.api(1 as never)}/api/v1/status`,
    `metrics       http://${LOOPBACK}:${ports.health(1 as never)}/metrics`,
    // Neither Debian's copy nor a build without npm has web pages.
    `Prometheus    http://${LOOPBACK}:${ports.prometheus}/api/v1/alerts (it has no pages; Alertmanager has)`,
    `Alertmanager  http://${LOOPBACK}:${ports.alertmanager}`,
    `alerts go to  http://${LOOPBACK}:${ports.alerts} (secrets in ${layout.alerts.dir})`,
    `watchdog      http://${LOOPBACK}:${ports.watchdog}/health`,
    `people told   ${layout.receivers.dir}`,
    `Bitcoin RPC   http://${LOOPBACK}:${ports.bitcoinRpc(1)} (password in ${layout.bitcoin(1).dir})`,
    `data folder   ${layout.root}`,
    `Ctrl-C stops everything; npm start resumes; in another terminal: ${typed('firebreak status')}`,
  ];
}
