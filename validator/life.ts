import { familyOf, type FailureCode } from '../domain/errors/failure.ts';
import type { ChainStatus } from '../domain/ports/chain.ts';
import type { AgentState } from './custody/agent.ts';

/** What the outer state machine looks at; nothing else decides whether this validator takes part. */
export type LifeFacts = {
  /** Journal, signer thread, chain view and p2p host are up. */
  readonly started: boolean;
  readonly draining: boolean;
  /** Why only a person can help: the journal failed, the signer thread died. Never goes away by itself. */
  readonly fatal: string | undefined;
  readonly chain: Pick<ChainStatus, 'synced' | 'silentSeconds' | 'trouble'>;
  /** What the signer thread has not answered in time and not since. */
  readonly signerLate: string | undefined;
  readonly peersConnected: number;
  /** Distinct peers whose standing order and locks are known since start. */
  readonly orderStatesKnown: number;
  readonly threshold: number;
};

export type LifeVerdict = { readonly state: AgentState; readonly reasons: readonly string[] };

/** A node that has not answered for this long is treated as down, whatever its last answer said. */
export const NODE_SILENT_SECONDS_MAX = 60;

/**
 * initialising → syncing → joining → ready ⇄ degraded → draining; halted needs a person. Whenever the node falls behind, the
 * validator is unavailable, and it is back by itself when the node has caught up. Once joined it stays joined: each new
 * connection asks for orders again, and gossip carries them.
 */
export function judgeLife(facts: LifeFacts): LifeVerdict {
  if (facts.draining) return { state: 'draining', reasons: ['stopping on request'] };
  if (facts.fatal !== undefined) return { state: 'halted', reasons: [facts.fatal] };
  if (!facts.started) return { state: 'initialising', reasons: ['starting'] };
  return chainVerdict(facts.chain) ?? joinVerdict(facts) ?? runningVerdict(facts);
}

function chainVerdict({ synced, silentSeconds, trouble }: LifeFacts['chain']): LifeVerdict | undefined {
  if (silentSeconds > NODE_SILENT_SECONDS_MAX) {
    return { state: 'syncing', reasons: [`the Bitcoin node has not answered for ${Math.floor(silentSeconds)} s`] };
  }
  if (synced) return undefined;
  if (trouble === undefined)
    return { state: 'syncing', reasons: ['the Bitcoin node or our index of it is catching up'] };
  const needsPerson = familyOf(trouble.code as FailureCode) === 'policy';
  return { state: needsPerson ? 'halted' : 'syncing', reasons: [`${trouble.code}: ${trouble.message}`] };
}

function joinVerdict({ orderStatesKnown, threshold }: LifeFacts): LifeVerdict | undefined {
  if (orderStatesKnown >= threshold) return undefined;
  return { state: 'joining', reasons: [`learned orders and locks from ${orderStatesKnown} of ${threshold} peers`] };
}

function runningVerdict({ chain, signerLate, peersConnected, threshold }: LifeFacts): LifeVerdict {
  const reasons: string[] = [];
  if (chain.trouble !== undefined) reasons.push(`${chain.trouble.code}: ${chain.trouble.message}`);
  if (signerLate !== undefined) reasons.push(`unavailable.signer-timeout: the signer did not finish ${signerLate}`);
  if (peersConnected < threshold - 1) {
    reasons.push(`connected to ${peersConnected} peers, fewer than the ${threshold - 1} that sign with us`);
  }
  return { state: reasons.length === 0 ? 'ready' : 'degraded', reasons };
}

export type LifeLoop = {
  /** Judges now, without waiting for the next turn; `draining` takes effect this way. */
  judge(): LifeVerdict;
  stop(): void;
};

/** Feeds the agent: at each turn one round of order catch-up begins and the state is judged; a change is told once. */
export function runLife(options: {
  readonly facts: () => LifeFacts;
  readonly apply: (verdict: LifeVerdict) => void;
  /** Must not reject; a turn does not wait for it. */
  readonly learnOrders: () => Promise<void>;
  readonly turnMs?: number;
}): LifeLoop {
  let last = '';
  const judge = (): LifeVerdict => {
    const verdict = judgeLife(options.facts());
    const text = JSON.stringify(verdict);
    if (text !== last) {
      last = text;
      options.apply(verdict);
    }
    return verdict;
  };
  const turn = (): void => {
    judge();
    void options.learnOrders().then(judge);
  };
  const timer = setInterval(turn, options.turnMs ?? 1_000);
  turn();
  return { judge, stop: () => clearInterval(timer) };
}
