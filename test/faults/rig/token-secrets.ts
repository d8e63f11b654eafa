import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { KeyStore } from '../../../domain/ports/keystore.ts';
import { plugin as pkcs11 } from '../../../plugins/keystore/pkcs11/index.ts';
import { readJournal } from '../../../validator/custody/journal/read.ts';

/** One validator that seals by a token, and where its token and its journal lie. */
export type TokenHolder = {
  readonly id: ValidatorId;
  readonly dir: string;
  readonly config: string;
  readonly journal: string;
  /** What the module reads when it initialises. */
  readonly tokenConfig: string;
  readonly module: string;
  readonly tokenLabel: string;
  readonly pinFile: string;
};

/** Name and hex of a secret, as the entry below prints them. */
export type TokenSecret = readonly [name: string, hex: string];

/** The shares and the host identity of a validator, unwrapped by its own token. */
async function secretsOf(holder: TokenHolder): Promise<readonly TokenSecret[]> {
  process.env['SOFTHSM2_CONF'] = holder.tokenConfig;
  const { id, dir, module, tokenLabel: token_label, pinFile: pin_file } = holder;
  const config = pkcs11.parse({ module, token_label, pin_file }, { file: holder.config, lineOf: () => undefined });
  const keystore: KeyStore = pkcs11.create(config)({ dir, bitcoinNetwork: 'regtest', recordUse: () => undefined });
  const journal = readJournal(holder.journal);
  try {
    await keystore.start?.(AbortSignal.timeout(30_000));
    const secrets: TokenSecret[] = [];
    for (const { keyset, epoch, sealedShare } of journal.keysets.list()) {
      if (sealedShare === undefined) continue;
      const share = await keystore.unseal(sealedShare, { keyset, epoch, validator: id }, 'canary');
      secrets.push([`share of ${keyset}`, Buffer.from(share).toString('hex')]);
    }
    const label = { keyset: 'identity', epoch: 0, validator: id } as const;
    const identity = await keystore.unseal(readFileSync(join(dir, 'identity.sealed')), label, 'canary');
    return [...secrets, ['host identity', Buffer.from(identity).toString('hex')]];
  } finally {
    journal.close();
    await keystore.stop?.();
  }
}

/** A process of its own: the module finds its tokens by the real environment, of which a test has only a copy. */
if (process.argv[1] === import.meta.filename) {
  const holders = JSON.parse(process.argv[2] ?? '[]') as readonly TokenHolder[];
  const all: (readonly [ValidatorId, readonly TokenSecret[]])[] = [];
  for (const holder of holders) all.push([holder.id, await secretsOf(holder)]);
  process.stdout.write(JSON.stringify(all));
}
