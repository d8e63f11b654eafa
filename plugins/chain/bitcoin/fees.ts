import { z } from 'zod';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { FeeEstimate, FeeSource } from '../../../domain/ports/chain.ts';
import type { ReadContext } from '../../../domain/ports/context.ts';
import type { NodeRpc, RpcAnswer } from './rpc.ts';

export type FeeOptions = {
  readonly nodes: () => readonly NodeRpc[];
  /** Below it nothing is relayed; also the answer's hint when there is no estimate. */
  readonly floorSatsPerKvb: number;
  /** Nobody pays more because of an estimate. */
  readonly capSatsPerKvb: number;
};

const SATS_PER_COIN_DIGITS = 8;

/** Core's `estimatesmartfee`, else btcd's `estimatefee`; never a guess: what cannot be estimated is said to be so. */
export function feeSource(options: FeeOptions): FeeSource {
  const bounded = (satsPerKvb: number, source: string): FeeEstimate => {
    const { floorSatsPerKvb: floor, capSatsPerKvb: cap } = options;
    if (satsPerKvb < floor) return { kind: 'estimate', satsPerKvb: floor, source: `${source}, raised to the floor` };
    if (satsPerKvb > cap) return { kind: 'estimate', satsPerKvb: cap, source: `${source}, lowered to the cap` };
    return { kind: 'estimate', satsPerKvb, source };
  };
  const estimate = async (targetBlocks: number, context: ReadContext): Promise<FeeEstimate> => {
    const target = Math.min(Math.max(Math.trunc(targetBlocks), 1), 1_008);
    let reason = 'no Bitcoin node is fit to be asked';
    for (const node of options.nodes()) {
      try {
        const answer = await ask(node, target, context.signal);
        if (typeof answer !== 'string') return bounded(answer.satsPerKvb, answer.source);
        reason = answer;
      } catch (cause) {
        context.signal.throwIfAborted();
        reason = cause instanceof FirebreakFailure ? cause.message : `${node.name} failed`;
      }
    }
    return { kind: 'no-estimate', floorSatsPerKvb: options.floorSatsPerKvb, reason };
  };
  return { estimate };
}

/** A rate, or why there is none. Methods that a node lacks and chains without traffic look alike: no estimate. */
async function ask(
  node: NodeRpc,
  target: number,
  signal: AbortSignal,
): Promise<{ satsPerKvb: number; source: string } | string> {
  const smart = rateOf(await node.call('estimatesmartfee', [target], signal));
  if (smart !== undefined) return { satsPerKvb: smart, source: `estimatesmartfee of ${node.name}` };
  const plain = rateOf(await node.call('estimatefee', [target], signal));
  if (plain !== undefined) return { satsPerKvb: plain, source: `estimatefee of ${node.name}` };
  return `${node.name} has not seen enough transactions to estimate`;
}

const rate = z.union([z.number(), z.string()]);
const smartAnswer = z.union([rate, z.object({ feerate: rate })]);

function rateOf(answer: RpcAnswer): number | undefined {
  const parsed = smartAnswer.safeParse(answer.ok ? answer.result : undefined);
  if (!parsed.success) return undefined;
  const value = typeof parsed.data === 'object' ? parsed.data.feerate : parsed.data;
  const sats = coinsToSats(String(value));
  return sats === undefined || sats <= 0 ? undefined : sats;
}

/** Decimal text of coins as whole satoshis, rounded up; undefined for negative or absurd values. Exact: no floating point. */
export function coinsToSats(text: string): number | undefined {
  const match = /^(\d{1,8})(?:\.(\d+))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, whole = '0', fraction = '', exponent = '0'] = match;
  const shift = SATS_PER_COIN_DIGITS + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  const sats =
    shift >= 0 ? digits * 10n ** BigInt(shift) : (digits + 10n ** BigInt(-shift) - 1n) / 10n ** BigInt(-shift);
  return sats > 2_100_000_000_000_000n ? undefined : Number(sats);
}
