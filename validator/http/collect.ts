import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isFrozen } from '../../domain/committee/order.ts';
import { pinnedParticipants } from '../../domain/ceremony/participants.ts';
import { validatorName } from '../../domain/network/network.ts';
import { createMetrics, type Labels, type Metrics } from '../../telemetry/metrics.ts';
import type { AgentReport, AgentState } from '../custody/agent.ts';
import { activeKey } from './routes.ts';
import { validatorMetrics, type ValidatorMetricName } from './metrics.ts';
import type { ValidatorView } from './view.ts';

const QUANTILES = [0.5, 0.95, 0.99, 1] as const;
/** How often the loop is looked at. Node counts it as part of every delay. */
const LAG_RESOLUTION_MS = 20;
const SESSIONS_MEASURED = 50;
const STATES: readonly AgentState[] = ['initialising', 'syncing', 'joining', 'ready', 'degraded', 'draining', 'halted'];

/** Reads the validator when it is scraped: nobody has to remember to count. */
export class MetricsCollector {
  private readonly view: ValidatorView;
  private readonly name: string;
  private readonly metrics: Metrics<ValidatorMetricName> = createMetrics(validatorMetrics);
  private readonly counted = new Map<string, number>();
  private readonly namedBefore = new Map<ValidatorMetricName, Set<string>>();
  private readonly lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  private cpu = process.cpuUsage();
  private cpuAtMs = performance.now();
  private cpuShare = 0;

  constructor(view: ValidatorView) {
    this.view = view;
    this.name = validatorName(view.self);
    this.lag.enable();
  }

  get contentType(): string {
    return this.metrics.contentType;
  }

  async text(): Promise<string> {
    const report = this.view.report();
    this.collectAgent(report);
    this.collectSightings(report);
    this.collectTransport(report);
    this.collectChain();
    this.collectProcess();
    return await this.metrics.text();
  }

  stop(): void {
    this.lag.disable();
  }

  private collectAgent(report: AgentReport): void {
    const { state, orders, counters, committee, grantUses, breakGlassUses, doubleSigned, outflow } = report;
    const running = state === 'ready' || state === 'degraded';
    this.set('validator_online', running ? 1 : 0);
    for (const each of STATES) this.set('firebreak_validator_state', each === state ? 1 : 0, { state: each });
    this.set('validator_uptime_seconds', (this.view.clock() - this.view.startedAtMs) / 1000);
    this.count('validator_signatures_signed', counters.signaturesSigned);
    this.count('validator_signatures_failed', counters.signaturesFailed);
    for (const name of ['signature_requests_total', 'validator_signature_requests'] as const)
      this.count(name, counters.signaturesSigned + counters.signaturesFailed);
    this.set('signature_requests_active', counters.requestsActive);
    for (const [code, times] of Object.entries(counters.refusals))
      this.count('signature_failures_total', times, { code });
    for (const [reason, times] of Object.entries(this.dropped(counters.dropped)))
      this.count('firebreak_messages_dropped_total', times, { reason });
    for (const [outcome, times] of Object.entries(this.view.keyUses()))
      this.count('firebreak_key_uses_total', times, { outcome });
    this.set('firebreak_order_number', orders.number);
    const frozen = isFrozen(orders, this.view.clock() / 1000);
    this.set('firebreak_frozen', frozen ? 1 : 0);
    this.set('firebreak_frozen_until_seconds', frozen ? orders.frozenUntilSeconds : 0);
    this.set('firebreak_frozen_by_chain', report.frozenBy?.kind === 'own-chain' ? 1 : 0);
    this.set('firebreak_committee_epoch', committee.epoch);
    this.set('firebreak_grant_uses', grantUses);
    this.set('firebreak_break_glass_uses', breakGlassUses);
    this.set('firebreak_double_signed', doubleSigned);
    this.set('firebreak_outflow_sats', outflow.signedSats);
    this.set('firebreak_outflow_cap_sats', outflow.capSats);
    const seconds = this.signingSeconds();
    if (seconds.length === 0) return;
    for (const quantile of QUANTILES)
      this.set('signature_time_seconds', rank(seconds, quantile), { quantile: String(quantile) });
  }

  private collectSightings({ sightings }: AgentReport): void {
    for (const { id } of this.view.genesis.validators) {
      const seen = sightings.find(({ validator }) => validator === id);
      const validator = validatorName(id);
      const isTwice = seen?.isNow === true;
      this.set('firebreak_identity_seen_twice', isTwice ? 1 : 0, { validator });
      this.set('firebreak_validator_copy_running', isTwice && seen.journals > 1 ? 1 : 0, { validator });
      this.count('firebreak_identity_sightings_total', seen?.times ?? 0, { validator });
    }
  }

  /** What the transport dropped and what the agent dropped after reading are different messages. */
  private dropped(afterReading: Readonly<Record<string, number>>): Record<string, number> {
    const sum: Record<string, number> = { ...this.view.transport.counters().dropped };
    for (const [reason, times] of Object.entries(afterReading)) sum[reason] = (sum[reason] ?? 0) + times;
    return sum;
  }

  private signingSeconds(): number[] {
    return this.view
      .sessions(SESSIONS_MEASURED)
      .filter(({ kind, steps }) => kind === 'signing' && steps.length > 1)
      .map(({ steps }) => ((steps.at(-1)?.atMs ?? 0) - (steps[0]?.atMs ?? 0)) / 1000)
      .sort((a, b) => a - b);
  }

  private collectTransport(report: AgentReport): void {
    const { transport, genesis, self } = this.view;
    const counters = transport.counters();
    const peers = transport.connected().length;
    const takePart = new Set(activeKey(report)?.participants ?? pinnedParticipants(genesis));
    const signers = [self, ...transport.connected()].filter((id) => takePart.has(id)).length;
    for (const room of ['network', 'validator'] as const) {
      this.set(`${room}_active_connections`, transport.connections());
      this.count(`${room}_messages_sent`, counters.messagesSent);
      this.count(`${room}_messages_received`, counters.messagesReceived);
    }
    this.count('network_bytes_sent', counters.bytesSent);
    this.count('network_bytes_received', counters.bytesReceived);
    this.set('firebreak_peers_connected', peers);
    this.set('firebreak_liveness_margin', signers - genesis.threshold);
    this.set('firebreak_order_states_known', transport.orderStatesKnown());
    for (const [peer, values] of transport.latencies(QUANTILES)) {
      for (const [index, quantile] of QUANTILES.entries()) {
        const labels = { peer: validatorName(peer), quantile: String(quantile) };
        this.set('network_latency_seconds', (values[index] ?? 0) / 1000, labels);
      }
    }
  }

  private collectChain(): void {
    const { tip, synced, silentSeconds, trouble, nodes = [], rolledBackBlocks = 0 } = this.view.chain();
    this.count('firebreak_chain_blocks_rolled_back', rolledBackBlocks);
    this.named('firebreak_chain_trouble', trouble === undefined ? [] : [{ code: trouble.code }]);
    this.named(
      'firebreak_bitcoin_node_trouble',
      nodes.flatMap(({ name: node, code }) => (code === undefined ? [] : [{ node, code }])),
    );
    this.set('firebreak_chain_tip_height', tip.height);
    this.set('firebreak_chain_synced', synced ? 1 : 0);
    this.set('firebreak_chain_silent_seconds', silentSeconds);
  }

  private collectProcess(): void {
    const elapsedMs = performance.now() - this.cpuAtMs;
    // Two scrapes in one millisecond tell the same: so short a time has no share.
    if (elapsedMs >= 1) {
      const used = process.cpuUsage(this.cpu);
      this.cpuShare = (used.user + used.system) / 1000 / elapsedMs;
      this.cpu = process.cpuUsage();
      this.cpuAtMs = performance.now();
    }
    this.set('validator_cpu_usage', this.cpuShare);
    this.set('validator_memory_usage_bytes', process.memoryUsage.rss());
    this.set('validator_disk_usage_bytes', bytesIn(this.view.dataDir));
    const disk = statfsSync(this.view.dataDir);
    this.set('firebreak_disk_free_ratio', disk.blocks === 0 ? 0 : disk.bavail / disk.blocks);
    for (const quantile of QUANTILES) {
      const lateMs = Math.max(0, this.lag.percentile(quantile * 100) / 1e6 - LAG_RESOLUTION_MS);
      this.set('firebreak_event_loop_lag_seconds', lateMs / 1_000, { quantile: String(quantile) });
    }
    this.lag.reset();
  }

  /** 1 for what is named now, 0 for what was named before. */
  private named(name: ValidatorMetricName, now: readonly Labels[]): void {
    const texts = now.map((labels) => JSON.stringify(labels));
    const before = this.namedBefore.get(name) ?? new Set<string>();
    for (const text of texts) before.add(text);
    this.namedBefore.set(name, before);
    for (const text of before) this.set(name, texts.includes(text) ? 1 : 0, JSON.parse(text) as Labels);
  }

  private set(name: ValidatorMetricName, value: number, labels: Labels = {}): void {
    this.metrics.set(name, value, { validator_id: this.name, ...labels });
  }

  /** The sources count from start; Prometheus wants what was added. */
  private count(name: ValidatorMetricName, total: number, labels: Labels = {}): void {
    const key = `${name} ${JSON.stringify(labels)}`;
    const before = this.counted.get(key) ?? 0;
    this.counted.set(key, total);
    this.metrics.add(name, { validator_id: this.name, ...labels }, Math.max(0, total - before));
  }
}

const rank = (sorted: readonly number[], quantile: number): number =>
  sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0;

/** The data folder is flat: a journal, an index and their neighbours. */
function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    bytes += statSync(join(folder, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
