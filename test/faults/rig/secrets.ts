import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MEMBER_COUNT, validatorIds, WORKER_COUNT } from '../../../devnet/layout.ts';
import { softHsmDir } from '../../../devnet/validators.ts';
import { type ValidatorId, validatorName } from '../../../domain/network/network.ts';
import { plugin as sealedFile } from '../../../plugins/keystore/sealed-file/index.ts';
import { readJournal } from '../../../validator/custody/journal/read.ts';
import type { LiveNetwork } from '../../e2e/rig/live-network.ts';
import { findTool } from '../../../toolchain/tools.mjs';
import { PROJECT, runEntry } from '../../e2e/rig/node-process.ts';
import type { TokenHolder, TokenSecret } from './token-secrets.ts';
import { type Needle, needlesOf, needlesOfText } from './needles.ts';

/** Every secret of the network in every form: what nothing but its own file may contain. */
export async function realNeedles(net: LiveNetwork): Promise<readonly Needle[]> {
  const { layout } = net;
  const needles: Needle[] = [];
  for (let member = 1; member <= MEMBER_COUNT; member += 1)
    needles.push(...needlesOf(`committee member ${member}`, seedIn(layout.committee.member(member))));
  for (const [name, file] of Object.entries(layout.owner).filter(([each]) => each.endsWith('Key')))
    needles.push(...needlesOf(name, Buffer.from(readFileSync(file, 'latin1').trim(), 'hex')));
  for (let worker = 1; worker <= WORKER_COUNT; worker += 1)
    needles.push(...needlesOf(`identity of worker ${worker}`, seedIn(layout.coordinator(worker).identity)));
  const holders: TokenHolder[] = [];
  for (const id of validatorIds()) {
    const name = validatorName(id);
    const passphrase = layout.validator(id).secret;
    if (existsSync(passphrase)) {
      needles.push(...needlesOfText(`passphrase of ${name}`, readFileSync(passphrase, 'utf8').trim()));
      for (const [what, secret] of await opened(net, id)) needles.push(...needlesOf(`${what} of ${name}`, secret));
    }
    const holder = await holderOf(net, id);
    if (existsSync(holder.pinFile)) {
      needles.push(...needlesOfText(`PIN of ${name}`, readFileSync(holder.pinFile, 'utf8').trim()));
      holders.push(holder);
    }
  }
  for (const [id, secrets] of await openedByToken(holders))
    for (const [what, hex] of secrets)
      needles.push(...needlesOf(`${what} of ${validatorName(id)}`, Buffer.from(hex, 'hex')));
  return needles;
}

/** The shares and the host identity of a validator, opened by the keystore plug-in outside the network. */
async function opened(
  { layout }: LiveNetwork,
  id: ReturnType<typeof validatorIds>[number],
): Promise<readonly (readonly [string, Uint8Array])[]> {
  const { dir, config, journal: file } = layout.validator(id);
  const settings = sealedFile.parse({ passphrase_file: 'keystore.secret' }, { file: config, lineOf: () => undefined });
  const keystore = sealedFile.create(settings)({ dir, bitcoinNetwork: 'regtest', recordUse: () => undefined });
  const journal = readJournal(file);
  try {
    await keystore.start?.(AbortSignal.timeout(30_000));
    const secrets: (readonly [string, Uint8Array])[] = [];
    for (const { keyset, epoch, sealedShare } of journal.keysets.list())
      if (sealedShare !== undefined)
        secrets.push([
          `share of ${keyset}`,
          await keystore.unseal(sealedShare, { keyset, epoch, validator: id }, 'canary'),
        ]);
    const sealed = readFileSync(join(dir, 'identity.sealed'));
    const label = { keyset: 'identity', epoch: 0, validator: id } as const;
    secrets.push(['host identity', await keystore.unseal(sealed, label, 'canary')]);
    return secrets;
  } finally {
    journal.close();
    await keystore.stop?.();
  }
}

async function holderOf({ layout }: LiveNetwork, id: ValidatorId): Promise<TokenHolder> {
  const folder = softHsmDir(layout, id);
  const { dir, config, journal } = layout.validator(id);
  const tokenLabel = validatorName(id);
  const pinFile = join(folder, `${tokenLabel}.pin`);
  const module = (await findTool('softhsm2'))?.path ?? '';
  return { id, dir, config, journal, tokenConfig: join(folder, 'softhsm2.conf'), module, tokenLabel, pinFile };
}

/** The same of validators whose shares are wrapped by a token: only the token opens them. */
async function openedByToken(
  holders: readonly TokenHolder[],
): Promise<readonly (readonly [ValidatorId, readonly TokenSecret[]])[]> {
  if (holders.length === 0) return [];
  const entry = relative(PROJECT, join(import.meta.dirname, 'token-secrets.ts'));
  const { code, out, err } = await runEntry(entry, [JSON.stringify(holders)], { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`the tokens were not opened (${code}): ${err.slice(-2_000)}`);
  return JSON.parse(out);
}

/** RFC 8410: the raw 32 bytes are the end of the PKCS#8 form. */
const seedIn = (file: string): Buffer =>
  createPrivateKey(readFileSync(file)).export({ format: 'der', type: 'pkcs8' }).subarray(-32);
