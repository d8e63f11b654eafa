import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { schnorr } from '@noble/curves/secp256k1.js';
import { Transaction } from 'bitcoinjs-lib';
import { internalBytes } from '../../plugins/chain/bitcoin/merkle.ts';
import type { Coin } from './ledger.ts';

/** Regtest coins only: the key lies in the devnet folder so that a second start can spend what the first one mined. */
export type Faucet = {
  /** P2TR scriptPubKey that coinbases and change go to. */
  readonly script: Buffer;
  /** Spends all `coins` to `outputs`, the rest minus `feeSats` back to the faucet. */
  spend(
    coins: readonly Coin[],
    outputs: readonly { script: Uint8Array; valueSats: bigint }[],
    feeSats: bigint,
  ): Transaction;
};

const DUST_SATS = 330n;
const REPLACEABLE = 0xfffffffd;

export async function openFaucet(keyFile: string): Promise<Faucet> {
  const secret = await keyOf(keyFile);
  const script = Buffer.concat([Buffer.from([0x51, 0x20]), schnorr.getPublicKey(secret)]);
  const spend: Faucet['spend'] = (coins, outputs, feeSats) => {
    const transaction = new Transaction();
    transaction.version = 2;
    for (const coin of coins) transaction.addInput(internalBytes(coin.txid), coin.vout, REPLACEABLE);
    for (const output of outputs) transaction.addOutput(output.script, output.valueSats);
    const paid = outputs.reduce((sum, output) => sum + output.valueSats, 0n);
    const change = coins.reduce((sum, coin) => sum + coin.valueSats, 0n) - paid - feeSats;
    if (change < 0n) throw new Error(`the chosen coins are ${-change} sats short`);
    if (change >= DUST_SATS) transaction.addOutput(script, change);
    const scripts = coins.map(() => script);
    const values = coins.map((coin) => coin.valueSats);
    coins.forEach((_coin, index) => {
      const sighash = transaction.hashForWitnessV1(index, scripts, values, Transaction.SIGHASH_DEFAULT);
      transaction.setWitness(index, [schnorr.sign(sighash, secret)]);
    });
    return transaction;
  };
  return { script, spend };
}

async function keyOf(file: string): Promise<Uint8Array> {
  try {
    return Buffer.from((await readFile(file, 'utf8')).trim(), 'hex');
  } catch {
    const secret = randomBytes(32);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, `${secret.toString('hex')}\n`, { mode: 0o600 });
    return secret;
  }
}
