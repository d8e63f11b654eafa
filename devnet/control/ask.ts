import { existsSync, readFileSync } from 'node:fs';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Layout } from '../layout.ts';
import { LOOPBACK, portPlan } from '../ports.ts';
import { readState } from '../supervisor/ledger.ts';
import { ANSWER_BYTES_MAX, type ChainOrder, type ChainReceipt, chainReceipt, chainRefusal } from './orders.ts';

const ANSWER_MS = 120_000;
const CODES = {
  fund: 'unavailable.devnet-chain',
  mine: 'unavailable.devnet-chain',
  copy: 'unavailable.devnet-copy',
  'end-copy': 'unavailable.devnet-copy',
} as const;
const WORDS = { fund: 'fund', mine: 'mine', copy: 'start the copy', 'end-copy': 'end the copy' } as const;

/** Speaks to the process that owns the chain of a devnet. */
export type ChainControl = (order: ChainOrder) => Promise<ChainReceipt>;

/**
 * The devnet that runs in this data folder. Throws `input.not-a-devnet` for any other folder, so that nobody looks for coins in a
 * network that has real ones, and `unavailable.devnet-not-running`. What the chain refuses is `unavailable.devnet-chain`,
 * and a copy that cannot be started or ended `unavailable.devnet-copy`.
 */
export function controlOf(layout: Layout): ChainControl {
  const state = readState(layout.state);
  if (state === undefined) {
    throw new FirebreakFailure('input.not-a-devnet', `${layout.root} holds no devnet (devnet.json is missing)`, {
      folder: layout.root,
    });
  }
  if (!existsSync(layout.control)) throw notRunning(layout);
  const secret = readFileSync(layout.control, 'latin1');
  const url = `http://${LOOPBACK}:${portPlan(state.portBase).control}/`;
  return async (order) => receiptOf(await post(url, secret, order, layout));
}

async function post(url: string, secret: string, order: ChainOrder, layout: Layout): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
      body: JSON.stringify(order),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    throw notRunning(layout, error);
  }
  const text = (await response.text()).slice(0, ANSWER_BYTES_MAX);
  if (response.ok) return text;
  const refused = chainRefusal.safeParse(readable(text));
  // A secret of an earlier start belongs to a devnet that is gone; what listens there now is another program.
  if (response.status === 401 || !refused.success) throw notRunning(layout);
  throw new FirebreakFailure(CODES[order.order], `the devnet did not ${WORDS[order.order]}: ${refused.data.refusal}`);
}

function receiptOf(text: string): ChainReceipt {
  const receipt = chainReceipt.safeParse(readable(text));
  if (receipt.success) return receipt.data;
  throw new FirebreakFailure('unavailable.devnet-chain', 'the answer of the devnet cannot be read');
}

function readable(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const notRunning = (layout: Layout, cause?: unknown): FirebreakFailure =>
  new FirebreakFailure(
    'unavailable.devnet-not-running',
    `the devnet in ${layout.root} is not running`,
    { folder: layout.root },
    { cause },
  );
