import { givesSignatures, type KeyState } from '../../domain/ceremony/ceremony.ts';
import { accept, refuse } from '../../domain/errors/failure.ts';
import { sweepableSats } from '../../domain/vault/sweep.ts';
import { Round, VaultsHeldSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { KeysetRow, TermsRow } from './journal/journal.ts';
import type { AgentParts, Answer } from './parts.ts';
import { judgeChain } from './policy/rules.ts';
import { aboutKey, say } from './statements.ts';
import type { Watching } from './watching.ts';

/** Vaults looked at for one page; a page of as many that all hold coins stays far below the limit of a message. */
const PAGE_ROWS = 2_000;

export type Holdings = { say(keyset: string, after: string): Promise<Answer> };

/** Which vaults of a key hold coins: what a sweep has to move, and what is left after it. Each validator says it from its own chain view. */
export function createHoldings(parts: AgentParts, watching: Watching): Holdings {
  const { journal, keyring, chain, policy } = parts;
  const unspentOn = (script: string): number[] =>
    chain.outputs(script).outputs.flatMap((output) => (output.spentBy === undefined ? [output.amountSats] : []));

  /** Nothing to move now, and nothing that may still come as promised: dust that anybody sent is neither. */
  const isFinished = ({ script, signedTerms: { terms } }: TermsRow): boolean => {
    const { anchor, outputs } = chain.outputs(script);
    if (sweepableSats(unspentOn(script)) > 0) return false;
    const spends = outputs.flatMap(({ spentBy }) => spentBy ?? []);
    return spends.length === 0
      ? anchor.height >= terms.deposit.deadlineHeight + policy.confirmationsRequired
      : spends.every(({ confirmations }) => confirmations >= policy.confirmationsRequired);
  };

  /** Coins of an earlier key may be on their way to this one: keys retire in their order. */
  const isAwaited = ({ epoch }: KeysetRow): boolean =>
    keyring.list().some((other) => other.epoch < epoch && givesSignatures(other.state));

  /** A draining key whose vaults are all finished gives no signatures any more, but for coins that come too late: those are swept. */
  async function retireIfFinished(row: KeysetRow): Promise<void> {
    if (row.state !== 'draining' || isAwaited(row)) return;
    const held = journal.terms.count();
    let after = '';
    for (;;) {
      const rows = journal.terms.page(row.keyset, after, PAGE_ROWS);
      // Before a script was searched it shows no outputs, which is not the same as none.
      if (!(await watching.isSearched(rows)) || judgeChain(parts) !== undefined || !rows.every(isFinished)) return;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) break;
      after = last.vault;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // A vault may have come to a page that was read, and another question may have had the same idea meanwhile.
    if (held === journal.terms.count() && keyring.get(row.keyset)?.state === 'draining')
      journal.keysets.move(row.keyset, 'retired');
  }

  return {
    async say(keyset, after) {
      const row = keyring.require(keyset, hasVaults, 'have vaults');
      if (!row.ok) return row;
      const { package: key, certificate } = row.value;
      const syncing = judgeChain(parts);
      if (syncing !== undefined) return { ok: false, refusal: syncing };
      if (certificate === undefined)
        return refuse('not-yet.keyset-unknown', `keyset ${keyset} has no certificate here`);
      const rows = journal.terms.page(keyset, after, PAGE_ROWS);
      for (const held of rows) await watching.ensure(held);
      if (after === '') await retireIfFinished(row.value);
      const vaults = rows.flatMap(({ vault, script, watchFromHeight }) => {
        const sats = sweepableSats(unspentOn(script));
        return sats === 0 ? [] : [{ vault, sweepableSats: BigInt(sats), watchFromHeight }];
      });
      const { tip } = chain.status();
      return accept(
        say(parts, Round.VAULTS_HELD, aboutKey(key), VaultsHeldSchema, {
          vaults,
          next: rows.length === PAGE_ROWS ? (rows.at(-1)?.vault ?? '') : '',
          certificate: after === '' ? certificate : new Uint8Array(0),
          anchorHash: tip.hash,
          anchorHeight: tip.height,
        }),
      );
    },
  };
}

const hasVaults = (state: KeyState): boolean => state !== 'proposed';
