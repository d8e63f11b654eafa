import { fromBinary } from '@bufbuild/protobuf';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { type Outpoint, outpointText, type Sats, type VaultId } from '../../domain/vault/terms.ts';
import { DepositsSeenSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, type Heard, within } from '../asking.ts';
import { roster } from '../validators.ts';

export type AgreedDeposit = { readonly outpoint: Outpoint; readonly amountSats: Sats };

const OUTPUTS_MAX = 100;
const NAMED_MAX = 5;

/**
 * Unspent deposits of a vault that a quorum of validators sees n deep in its own chain views: the release request is made
 * from these, not from what a coordinator says. Throws `unavailable.validators`,
 * `conflict.deposit-spent` when nothing but spent outputs is left, or `input.no-deposit`.
 */
export async function agreedDeposits(
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  vault: VaultId,
  keyset: string,
  confirmations: number,
): Promise<readonly AgreedDeposit[]> {
  const heard = await askEach(
    network,
    genesis,
    roster(genesis),
    { case: 'sayDeposits', value: { $typeName: 'firebreak.v1.SayDeposits', vault, keyset } },
    Round.DEPOSITS_SEEN,
    within(30, `deposits-${vault}`),
  );
  return agree(genesis, heard, vault, confirmations);
}

export function agree(
  genesis: NetworkGenesis,
  heard: readonly Heard[],
  vault: VaultId,
  confirmations: number,
): readonly AgreedDeposit[] {
  const spent = new Map<string, Set<ValidatorId>>();
  const waiting = new Map<string, Set<ValidatorId>>();
  const seen = new Map<string, { readonly deposit: AgreedDeposit; readonly by: Set<ValidatorId> }>();
  let answered = 0;
  for (const one of heard) {
    if (!one.ok) continue;
    const statement = fromBinary(DepositsSeenSchema, one.opened.payload);
    if (statement.vault !== vault) continue;
    answered += 1;
    for (const output of statement.outputs.slice(0, OUTPUTS_MAX)) {
      const { prevout } = output;
      if (prevout === undefined) continue;
      const outpoint = { txid: prevout.txid, vout: prevout.vout };
      if (output.spentBy !== '') note(spent, output.spentBy, one.validator);
      else note(waiting, outpointText(outpoint), one.validator);
      if (output.spentBy !== '' || output.confirmations < confirmations) continue;
      const name = `${outpointText(outpoint)}=${prevout.amountSats}`;
      const known = seen.get(name) ?? { deposit: { outpoint, amountSats: Number(prevout.amountSats) }, by: new Set() };
      known.by.add(one.validator);
      seen.set(name, known);
    }
  }
  if (answered < genesis.threshold) {
    throw new FirebreakFailure(
      'unavailable.validators',
      `${answered} of the ${genesis.threshold} validators that are needed told their deposits`,
    );
  }
  const agreed = [...seen.values()].filter(({ by }) => by.size >= genesis.threshold).map(({ deposit }) => deposit);
  if (agreed.length === 0) {
    const told = (by: Map<string, Set<ValidatorId>>) =>
      [...by].filter(([, { size }]) => size >= genesis.threshold).map(([name]) => name);
    throw nothing(vault, { spenders: told(spent), waiting: told(waiting) }, confirmations, genesis.threshold);
  }
  return agreed.sort((a, b) => (outpointText(a.outpoint) < outpointText(b.outpoint) ? -1 : 1));
}

function note(by: Map<string, Set<ValidatorId>>, name: string, validator: ValidatorId): void {
  by.set(name, (by.get(name) ?? new Set()).add(validator));
}

/** Why nothing can be paid out: the coins have left, they are not deep enough, or none ever came. */
function nothing(
  vault: VaultId,
  { spenders, waiting }: { readonly spenders: readonly string[]; readonly waiting: readonly string[] },
  confirmations: number,
  threshold: number,
): FirebreakFailure {
  if (waiting.length > 0) {
    return new FirebreakFailure(
      'input.no-deposit',
      `no unspent deposit of vault ${vault} is ${confirmations} deep for ${threshold} validators; wait for its confirmations: ${waiting.slice(0, NAMED_MAX).join(', ')}`,
    );
  }
  if (spenders.length > 0) {
    return new FirebreakFailure(
      'conflict.deposit-spent',
      `vault ${vault} was paid out, or its owner took the refund: every deposit that ${threshold} validators see is spent, by transaction ${spenders.slice(0, NAMED_MAX).join(', ')}. Nothing is to do`,
      { txid: spenders[0] ?? '' },
    );
  }
  return new FirebreakFailure(
    'input.no-deposit',
    `no ${threshold} validators see the same unspent deposit of vault ${vault}; pay to the address that \`firebreak vault show ${vault}\` prints, on a devnet with \`firebreak devnet fund ${vault}\``,
  );
}
