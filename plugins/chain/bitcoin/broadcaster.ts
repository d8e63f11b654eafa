import { z } from 'zod';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { Broadcaster, TransactionCodec } from '../../../domain/ports/chain.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import type { NodeRpc } from './rpc.ts';

export type BroadcasterOptions = {
  readonly nodes: () => readonly NodeRpc[];
  readonly codec: TransactionCodec;
  /** Our own index knows confirmed spends of watched outputs, also where the node keeps no transaction index. */
  readonly isConfirmedSpend: (txid: string) => boolean;
};

type Fate = 'unknown' | 'in-mempool' | 'confirmed';

/** RPC_INVALID_ADDRESS_OR_KEY: the one code that both nodes give for "I do not know this transaction". */
const NOT_FOUND = -5;

const verboseTransaction = z.object({ confirmations: z.number().int().optional() });

/** Submits bytes and asks the world. Texts and codes of a refusal never decide: what the node knows afterwards does. */
export function broadcaster(options: BroadcasterOptions): Broadcaster {
  const fateAt = async (node: NodeRpc, txid: string, signal: AbortSignal): Promise<Fate> => {
    const answer = await node.call('getrawtransaction', [txid, 1], signal);
    if (!answer.ok && answer.code === NOT_FOUND) return 'unknown';
    const parsed = verboseTransaction.safeParse(answer.ok ? answer.result : undefined);
    if (!parsed.success) {
      throw new FirebreakFailure(
        'unavailable.node-refused',
        `Bitcoin node ${node.name} did not say what it knows of ${txid}`,
        {
          node: node.name,
          txid,
        },
      );
    }
    return (parsed.data.confirmations ?? 0) > 0 ? 'confirmed' : 'in-mempool';
  };

  /** The best news of any node; an error only when no node could be asked. */
  const fate = async (txid: string, signal: AbortSignal): Promise<Fate> => {
    if (options.isConfirmedSpend(txid)) return 'confirmed';
    let best: Fate | undefined;
    let failure: unknown = new FirebreakFailure('unavailable.node-down', 'no Bitcoin node is fit to be asked');
    for (const node of options.nodes()) {
      try {
        const found = await fateAt(node, txid, signal);
        if (found === 'confirmed') return found;
        if (best === undefined || found === 'in-mempool') best = found;
      } catch (cause) {
        signal.throwIfAborted();
        failure = cause;
      }
    }
    if (best === undefined) throw failure;
    return best;
  };

  const submit: Broadcaster['submit'] = async (transaction, context) => {
    const { txid } = options.codec.readTransaction(transaction);
    const signal = signalOf(context);
    const hex = Buffer.from(transaction).toString('hex');
    let reason = 'no Bitcoin node is fit to be asked';
    for (const node of options.nodes()) {
      try {
        const answer = await node.call('sendrawtransaction', [hex], signal);
        if (answer.ok && answer.result === txid) return { txid, outcome: 'accepted' };
        reason = answer.ok ? `${node.name} answered with another txid` : `${node.name}: ${answer.message}`;
      } catch (cause) {
        reason = cause instanceof Error ? cause.message : `${node.name} failed`;
        if (signal.aborted) break;
      }
    }
    const known = await fate(txid, signal).catch(() => 'unknown' as const);
    if (known === 'confirmed') return { txid, outcome: 'already-confirmed' };
    if (known === 'in-mempool') return { txid, outcome: 'already-known' };
    throw new FirebreakFailure(
      'unknown-outcome.broadcast',
      `it is not known whether transaction ${txid} was taken (${reason}); ask what became of it and submit it again`,
      { txid, reason: reason.slice(0, 300) },
    );
  };

  return { submit, whatBecameOf: (txid, context) => fate(txid, signalOf(context)) };
}

const signalOf = (context: Pick<EffectContext, 'signal' | 'deadlineMs'>): AbortSignal =>
  AbortSignal.any([context.signal, AbortSignal.timeout(Math.max(0, context.deadlineMs - Date.now()))]);
