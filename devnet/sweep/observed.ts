import type { KeysetId } from '../../domain/ceremony/ceremony.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { type Outpoint, outpointText } from '../../domain/vault/terms.ts';
import type { NodeRpc } from '../../plugins/chain/bitcoin/rpc.ts';
import { type JournalReader, readJournal } from '../../validator/custody/journal/read.ts';
import type { Layout } from '../layout.ts';
import { type Spend, spendsSeenBy } from '../spends-seen.ts';
import { until } from '../until.ts';

const LOOK_MS = 60_000;
/** A key that was active, and may have been left for a newer one since. */
const USED: ReadonlySet<string | undefined> = new Set(['active', 'draining']);

/** In how many journals a key is active, or was; a validator that was killed comes to it when it is back. */
export async function activeIn(layout: Layout, validators: readonly ValidatorId[], keyset: KeysetId): Promise<number> {
  const count = (): number =>
    validators.filter((id) => withJournal(layout, id, ({ keysets }) => USED.has(keysets.get(keyset)?.state))).length;
  await until('the key in every journal', { timeoutMs: LOOK_MS }, () => count() === validators.length).catch(
    () => undefined,
  );
  return count();
}

/** Transactions that any validator locked these coins for: of all together one, or the lock did not hold. */
export function locksOn(layout: Layout, validators: readonly ValidatorId[], outpoint: Outpoint): number {
  const wanted = outpointText(outpoint);
  const txids = validators.flatMap((id) =>
    withJournal(layout, id, (journal) => journal.locks().filter((lock) => lock.outpoint === wanted)),
  );
  return new Set(txids.map(({ txid }) => txid)).size;
}

/** What spends these coins in the chain of each node. */
export const spendsIn = (
  nodes: readonly NodeRpc[],
  outpoint: Outpoint,
  fromHeight: number,
): Promise<readonly (readonly Spend[])[]> =>
  Promise.all(
    nodes.map((node) =>
      until('a spend in every node', { timeoutMs: LOOK_MS }, async () => {
        const spends = await spendsSeenBy(node, outpoint, fromHeight);
        return spends.length > 0 && spends;
      }),
    ),
  );

/** Per node, per spend, per output: whether it pays to `script`. */
export const spendsOf = async (
  nodes: readonly NodeRpc[],
  outpoint: Outpoint,
  fromHeight: number,
  script: string,
): Promise<readonly unknown[]> =>
  (await spendsIn(nodes, outpoint, fromHeight)).map((spends) =>
    spends.map(({ scripts }) => scripts.map((each) => each === script)),
  );

function withJournal<T>(layout: Layout, id: ValidatorId, look: (journal: JournalReader) => T): T {
  const journal = readJournal(layout.validator(id).journal);
  try {
    return look(journal);
  } finally {
    journal.close();
  }
}
