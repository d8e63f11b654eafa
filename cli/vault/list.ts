import { confirmDepositId, depositQuery } from '../../workflows/confirm-deposit/messages.ts';
import { withClient } from '../coordinator.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { vaultIds } from './find.ts';

/** Vaults and what the coordinator says about their deposits; addresses are not shown here, because `vault show` computes them. */
export async function listVaults(options: { readonly data: string }): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const vaults = [];
    for (const vault of await vaultIds(client, operator)) {
      const handle = client.workflow.getHandle(confirmDepositId(operator.genesis.name, vault));
      const report = await handle.query(depositQuery).catch(() => undefined);
      const amountSats = report?.outputs.reduce((sum, output) => sum + output.amountSats, 0) ?? 0;
      vaults.push({ vault, deposit: report?.state ?? 'unknown', amountSats });
    }
    const [first] = vaults;
    return {
      data: { vaults },
      lines:
        vaults.length === 0
          ? ['no vault yet']
          : vaults.map((one) => `${one.vault}  ${one.deposit.padEnd(18)}  ${one.amountSats} sat`),
      next:
        first === undefined
          ? 'vault open --owner-key <file> --pay-to <address> --amount <sats>'
          : `vault show ${first.vault}`,
    };
  });
}
