import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Needle, needlesOf, needlesOfText } from '../../../devnet/canary/needles.ts';
import { secretsInFiles } from '../../../devnet/canary/secrets.ts';
import { validatorIds } from '../../../devnet/layout.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';
import { softHsmDir } from '../../../devnet/validators.ts';
import { type ValidatorId, validatorName } from '../../../domain/network/network.ts';
import { findTool } from '../../../toolchain/tools.mjs';
import { PROJECT, runEntry } from '../../e2e/rig/node-process.ts';
import type { TokenHolder, TokenSecret } from './token-secrets.ts';

/** Every secret of the network in every form: what nothing but its own file or token may contain. */
export async function realNeedles(net: LiveNetwork): Promise<readonly Needle[]> {
  const needles: Needle[] = [...(await secretsInFiles(net.layout))];
  const holders: TokenHolder[] = [];
  for (const id of validatorIds()) {
    const holder = await holderOf(net, id);
    if (!existsSync(holder.pinFile)) continue;
    needles.push(...needlesOfText(`PIN of ${validatorName(id)}`, readFileSync(holder.pinFile, 'utf8').trim()));
    holders.push(holder);
  }
  for (const [id, secrets] of await openedByToken(holders))
    for (const [what, hex] of secrets)
      needles.push(...needlesOf(`${what} of ${validatorName(id)}`, Buffer.from(hex, 'hex')));
  return needles;
}

async function holderOf({ layout }: LiveNetwork, id: ValidatorId): Promise<TokenHolder> {
  const folder = softHsmDir(layout, id);
  const { dir, config, journal } = layout.validator(id);
  const tokenLabel = validatorName(id);
  const pinFile = join(folder, `${tokenLabel}.pin`);
  const module = (await findTool('softhsm2'))?.path ?? '';
  return { id, dir, config, journal, tokenConfig: join(folder, 'softhsm2.conf'), module, tokenLabel, pinFile };
}

/** Shares and identities of validators whose secrets are wrapped by a token: only the token opens them. */
async function openedByToken(
  holders: readonly TokenHolder[],
): Promise<readonly (readonly [ValidatorId, readonly TokenSecret[]])[]> {
  if (holders.length === 0) return [];
  const entry = relative(PROJECT, join(import.meta.dirname, 'token-secrets.ts'));
  const { code, out, err } = await runEntry(entry, [JSON.stringify(holders)], { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`the tokens were not opened (${code}): ${err.slice(-2_000)}`);
  return JSON.parse(out);
}
