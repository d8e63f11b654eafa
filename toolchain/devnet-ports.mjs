/**
 * Where every process of a devnet listens. Plain JavaScript, because `doctor` checks these ports before anything is installed;
 * `devnet/ports.ts` is the same plan with the types of the project.
 */

/** Temporal's usual port: its UI is then at 8233, where people look for it. */
export const PORT_BASE_DEFAULT = 7_233;
export const PORT_BASE_MIN = 1_024;
export const PORT_BASE_MAX = 60_000;
/** Two devnets whose bases are this far apart do not meet. */
export const PORT_BASE_STEP = 200;
export const LOOPBACK = '127.0.0.1';

/** @param {number} base */
export const isPortBase = (base) => Number.isInteger(base) && base >= PORT_BASE_MIN && base <= PORT_BASE_MAX;

/** How many of each there are; the last of the validators are spares. */
export const DEVNET = /** @type {const} */ ({ validators: 16, spares: 1, nodes: 3, workers: 2 });

/**
 * Every port follows from the base, so that a second devnet on the same machine only needs another base.
 *
 * @param {number} base
 */
export function portsFrom(base) {
  return {
    base,
    temporal: base,
    temporalUi: base + 1_000,
    temporalHttp: base + 2_000,
    temporalMetrics: base + 3_000,
    /** @param {number} node from 1 */
    bitcoinRpc: (node) => base + 10 + node,
    /** @param {number} node from 1 */
    bitcoinP2p: (node) => base + 20 + node,
    /** @param {number} worker from 1 */
    workerMetrics: (worker) => base + 30 + worker,
    /** Where `firebreak devnet fund` and `mine` reach the process that owns the chain. */
    control: base + 39,
    /** @param {number} id a validator, from 1 */
    p2p: (id) => base + 40 + id,
    prometheus: base + 61,
    alertmanager: base + 62,
    /** Where alerts come in. */
    alerts: base + 63,
    alertsMetrics: base + 64,
    /** Stand-ins for what tells people. */
    receivers: {
      pagerduty: base + 65,
      mail: base + 66,
      slack: base + 67,
      webhook: base + 68,
      health: base + 69,
      'on-call': base + 71,
    },
    /** Health and metrics of what watches the rest. */
    watchdog: base + 70,
    /** @param {number} id a validator, from 1 */
    api: (id) => base + 80 + id,
    /** @param {number} id a validator, from 1 */
    health: (id) => base + 120 + id,
    /**
     * Where a copy of a validator's folder listens, if somebody starts one.
     * @param {number} id the validator, from 1
     */
    copyOf: (id) => ({ p2p: base + 140 + id, api: base + 156 + id, health: base + 172 + id }),
  };
}

/** @typedef {ReturnType<typeof portsFrom>} DevnetPorts */

/**
 * What listens where, for checks and for messages.
 *
 * @param {DevnetPorts} plan
 * @returns {ReadonlyMap<number, string>}
 */
export function namedPorts(plan) {
  const each = (/** @type {number} */ count) => Array.from({ length: count }, (_unused, index) => index + 1);
  return new Map([
    [plan.temporal, 'Temporal'],
    [plan.temporalUi, 'the Temporal UI'],
    [plan.temporalHttp, 'Temporal over HTTP'],
    [plan.temporalMetrics, 'Temporal metrics'],
    [plan.control, 'the devnet itself'],
    [plan.prometheus, 'Prometheus'],
    [plan.alertmanager, 'Alertmanager'],
    [plan.alerts, 'the alert intake'],
    [plan.alertsMetrics, 'the alert intake (health and metrics)'],
    [plan.watchdog, 'the watchdog (health and metrics)'],
    ...Object.entries(plan.receivers).map(([channel, port]) => entry(port, `the receivers (${channel})`)),
    ...each(DEVNET.nodes).flatMap((node) => [
      entry(plan.bitcoinRpc(node), `Bitcoin node ${node} (RPC)`),
      entry(plan.bitcoinP2p(node), `Bitcoin node ${node} (peers)`),
    ]),
    ...each(DEVNET.workers).map((worker) => entry(plan.workerMetrics(worker), `worker ${worker} (metrics)`)),
    ...each(DEVNET.validators).flatMap((id) => [
      entry(plan.p2p(id), `validator ${id} (peers)`),
      entry(plan.api(id), `validator ${id} (API)`),
      entry(plan.health(id), `validator ${id} (health and metrics)`),
    ]),
  ]);
}

/** @type {(port: number, holder: string) => [number, string]} */
const entry = (port, holder) => [port, holder];
