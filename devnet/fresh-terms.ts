import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { schnorr } from '@noble/curves/secp256k1.js';
import { NETWORK_NAME } from './layout.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { type SignedTerms, type Terms, vaultIdOf } from '../domain/vault/terms.ts';
import type { LiveNetwork } from './live-network.ts';
import { DEPOSIT_SATS } from './release.ts';

const secretIn = (file: string): Uint8Array => Uint8Array.from(Buffer.from(readFileSync(file, 'latin1').trim(), 'hex'));

const publicKeyIn = (file: string): string => toHex(schnorr.getPublicKey(secretIn(file)));

/** The only script that any vault of this network pays to: the owner's payout key. */
export const payoutScriptOf = ({ layout }: Pick<LiveNetwork, 'layout'>): string =>
  `5120${publicKeyIn(layout.owner.payoutKey)}`;

/** Fresh terms as their owner signs them; the same bytes can be handed in again when the engine dies in between. */
export async function freshTerms(live: {
  readonly layout: LiveNetwork['layout'];
  readonly chain: Pick<LiveNetwork['chain'], 'tip'>;
}): Promise<SignedTerms> {
  const { owner } = live.layout;
  const { height } = await live.chain.tip();
  const secret = secretIn(owner.ownerKey);
  const terms: Terms = {
    version: 1,
    environment: 'development',
    network: NETWORK_NAME,
    bitcoinNetwork: 'regtest',
    purpose: 'a test of faults',
    payoutScript: payoutScriptOf(live),
    deposit: { amountSats: DEPOSIT_SATS, deadlineHeight: height + 1_000 },
    maximumFeeSats: 20_000,
    ownerKey: publicKeyIn(owner.ownerKey),
    releaseKey: publicKeyIn(owner.releaseKey),
    salt: randomBytes(16).toString('hex'),
  };
  return { terms, signature: toHex(schnorr.sign(fromHex(vaultIdOf(terms), 'vault id', 32), secret)) };
}
