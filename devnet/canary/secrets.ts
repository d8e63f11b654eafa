import { createPrivateKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { plugin as sealedFile } from '../../plugins/keystore/sealed-file/index.ts';
import { readJournal } from '../../validator/custody/journal/read.ts';
import { type Layout, MEMBER_COUNT, validatorIds, WORKER_COUNT } from '../layout.ts';
import { type Needle, needlesOf, needlesOfText } from './needles.ts';

/** Every secret of a devnet that lies in files, in every form: what nothing but its own file may contain. */
export async function secretsInFiles(layout: Layout): Promise<readonly Needle[]> {
  const needles: Needle[] = [];
  for (let member = 1; member <= MEMBER_COUNT; member += 1)
    needles.push(...needlesOf(`committee member ${member}`, seedIn(layout.committee.member(member))));
  for (const [name, file] of Object.entries(layout.owner).filter(([each]) => each.endsWith('Key')))
    needles.push(...needlesOf(name, Buffer.from(readFileSync(file, 'latin1').trim(), 'hex')));
  for (let worker = 1; worker <= WORKER_COUNT; worker += 1)
    needles.push(...needlesOf(`identity of worker ${worker}`, seedIn(layout.coordinator(worker).identity)));
  for (const id of validatorIds()) {
    const name = validatorName(id);
    const passphrase = layout.validator(id).secret;
    if (!existsSync(passphrase)) continue;
    needles.push(...needlesOfText(`passphrase of ${name}`, readFileSync(passphrase, 'utf8').trim()));
    for (const [what, secret] of await opened(layout, id)) needles.push(...needlesOf(`${what} of ${name}`, secret));
  }
  return needles;
}

/** The shares and the host identity of a validator, opened by the keystore plug-in outside the network. */
async function opened(layout: Layout, id: ValidatorId): Promise<readonly (readonly [string, Uint8Array])[]> {
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

/** RFC 8410: the raw 32 bytes are the end of the PKCS#8 form. */
const seedIn = (file: string): Buffer =>
  createPrivateKey(readFileSync(file)).export({ format: 'der', type: 'pkcs8' }).subarray(-32);
