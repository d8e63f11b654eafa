import type { GossipsubOpts } from '@libp2p/gossipsub';
import type { TransportCount, TransportDropReason } from './counters.ts';

type MetricsRegister = NonNullable<GossipsubOpts['metricsRegister']>;

/** Gossipsub's own reasons for not passing a message on, which a topic validator never sees. */
const REASONS: Readonly<Record<string, TransportDropReason>> = {
  invalid_signature: 'unsigned',
  invalid_seqno: 'unsigned',
  invalid_peerid: 'unsigned',
};

/**
 * Gossipsub drops unsigned and repeated messages before anyone is asked, and tells only its metrics. This register keeps the three
 * series that say so and ignores the other hundred.
 */
export function gossipMeter(count: TransportCount): MetricsRegister {
  const onInvalid = (labels: unknown): void => {
    const reason = REASONS[(labels as { readonly error?: string }).error ?? ''];
    if (reason !== undefined) count.drop(reason);
  };
  const series: Readonly<Record<string, (labels: unknown) => void>> = {
    gossipsub_msg_received_invalid_total: onInvalid,
    gossipsub_pre_validation_duplicate_total: () => count.drop('duplicate'),
    gossipsub_rpc_rcv_not_accepted_total: () => count.drop('graylisted'),
  };
  const ignore = (): void => undefined;
  return {
    gauge: (config: { readonly name: string }) => ({
      inc: series[config.name] ?? ignore,
      set: ignore,
      addCollect: ignore,
    }),
    histogram: () => ({ startTimer: () => ignore, observe: ignore, reset: ignore }),
    avgMinMax: () => ({ set: ignore }),
  };
}
