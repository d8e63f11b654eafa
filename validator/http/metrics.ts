import type { MetricDefinitions } from '../../telemetry/metrics.ts';

const gauge = (help: string, labels: readonly string[] = []) =>
  ({ kind: 'gauge', help, labels: ['validator_id', ...labels] }) as const;
const counter = (help: string, labels: readonly string[] = []) =>
  ({ kind: 'counter', help, labels: ['validator_id', ...labels] }) as const;

/**
 * The names of the specification (002 §12.4.4 and §7.3.7), literally, for what one validator can know, and ours beside them with the prefix
 * `firebreak_`. `validator_id` has the form `validator-007`. What only a coordinator sees is in `telemetry/metrics.ts`.
 */
export const validatorMetrics = {
  validator_online: gauge('1 while this validator is ready or degraded, which is while it takes part.'),
  validator_uptime_seconds: gauge('Seconds since this process started.'),
  validator_signatures_signed: counter('Partial signatures released since start, one per request.'),
  validator_signatures_failed: counter('Signing requests that were refused or failed since start.'),
  validator_cpu_usage: gauge('Share of one processor used since the last scrape, 0 to 1 and above with threads.'),
  validator_memory_usage_bytes: gauge('Resident memory of this process.'),
  validator_disk_usage_bytes: gauge('Bytes in the data folder.'),
  network_active_connections: gauge('Open p2p connections, coordinators included.'),
  network_latency_seconds: gauge('Round trip to a peer over the last hour, one a minute.', ['peer', 'quantile']),
  network_messages_sent: counter('Requests, responses and announcements sent since start.'),
  network_messages_received: counter('Requests, responses and announcements received since start.'),
  validator_messages_sent: counter('The same as `network_messages_sent`, by its name in 002 §7.3.7.'),
  validator_messages_received: counter('The same as `network_messages_received`, by its name in 002 §7.3.7.'),
  validator_active_connections: gauge('The same as `network_active_connections`, by its name in 002 §7.3.7.'),
  validator_signature_requests: counter('The same as `signature_requests_total`, by its name in 002 §7.3.7.'),
  network_bytes_sent: counter('Payload bytes of messages sent since start.'),
  network_bytes_received: counter('Payload bytes of messages received since start.'),
  signature_requests_total: counter('Signing requests answered since start, whichever way.'),
  signature_requests_active: gauge('Requests that are being answered right now.'),
  signature_time_seconds: gauge('From the first to the last journalled step of the last signing sessions.', [
    'quantile',
  ]),
  signature_failures_total: counter('Refusals since start by failure code.', ['code']),
  firebreak_validator_state: gauge('1 for the state that holds, 0 for the others.', ['state']),
  firebreak_messages_dropped_total: counter('Messages dropped since start by reason.', ['reason']),
  firebreak_key_uses_total: counter('Times that the keystore opened or refused a secret since start.', ['outcome']),
  firebreak_peers_connected: gauge('Validators of the roster that are connected.'),
  firebreak_liveness_margin: gauge(
    'Validators that may still fail before fewer than the threshold sign, as seen from here.',
  ),
  firebreak_order_number: gauge('Number of the standing order.'),
  firebreak_frozen: gauge('1 while payouts are frozen.'),
  firebreak_frozen_until_seconds: gauge(
    'Unix time at which the freeze ends by itself; 0 while payouts are not frozen.',
  ),
  firebreak_frozen_by_chain: gauge(
    '1 while this validator has frozen payouts by itself, because of a reorganisation beyond its bound.',
  ),
  firebreak_committee_epoch: gauge('Epoch of the committee that is obeyed.'),
  firebreak_grant_uses: gauge('Uses of standing orders and break-glass in the journal.'),
  firebreak_break_glass_uses: gauge('Uses of break-glass in the journal that froze payouts.'),
  firebreak_double_signed: gauge(
    'Orders and epochs in the journal that a committee signed beside others of their number.',
  ),
  firebreak_outflow_sats: gauge('Satoshis of payouts that this validator signed in the present window.'),
  firebreak_outflow_cap_sats: gauge('Satoshis of payouts that its operator lets it sign in one window.'),
  firebreak_order_states_known: gauge('Distinct peers whose standing order is known since start.'),
  firebreak_identity_seen_twice: gauge(
    '1 while the identity of a validator speaks from two processes, by statements that it signed itself; until a minute after the last.',
    ['validator'],
  ),
  firebreak_validator_copy_running: gauge(
    '1 while two processes of one identity also remember different decisions: one of them runs from a copy.',
    ['validator'],
  ),
  firebreak_identity_sightings_total: counter('Times since start that an identity began to speak from two processes.', [
    'validator',
  ]),
  firebreak_chain_tip_height: gauge('Height of the tip in the own chain view.'),
  firebreak_chain_synced: gauge('1 when the own chain view has walked to the tip of its node.'),
  firebreak_chain_blocks_rolled_back: counter(
    'Blocks that reorganisations took out of the own chain view since start.',
  ),
  firebreak_chain_trouble: gauge('1 while the own chain view names this trouble.', ['code']),
  firebreak_bitcoin_node_trouble: gauge(
    '1 while one of several Bitcoin nodes is in this trouble, or has another tip than the view for longer than is usual.',
    ['node', 'code'],
  ),
  firebreak_chain_silent_seconds: gauge('Seconds since the Bitcoin node last answered.'),
  firebreak_disk_free_ratio: gauge('Free share of the file system that holds the data folder.'),
  firebreak_event_loop_lag_seconds: gauge('Delay of the event loop since the last scrape.', ['quantile']),
} as const satisfies MetricDefinitions;

export type ValidatorMetricName = keyof typeof validatorMetrics;
