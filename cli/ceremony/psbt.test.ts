import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as btc from '@scure/btc-signer';
import { hex } from '@scure/base';
import { networks, Psbt } from 'bitcoinjs-lib';
import type { SigningEvidence } from '../../domain/ceremony/evidence.ts';
import { showPsbt } from './psbt.ts';

const path = (name: string): string => new URL(`./recorded/${name}.json`, import.meta.url).pathname;
const payout = JSON.parse(readFileSync(path('payout'), 'utf8')) as SigningEvidence;
const options = { data: 'nowhere', network: path('network') };
const psbtOf = (file: string): string => (showPsbt(options, path(file)).data as { readonly psbt: string }).psbt;

test('the PSBT of a payout finalises into exactly the transaction that was signed', () => {
  const psbt = Psbt.fromBase64(psbtOf('payout'), { network: networks.regtest });
  psbt.finalizeAllInputs();
  expect(psbt.extractTransaction().toHex()).toBe(payout.transactionHex);
});

test('another implementation reads the same inputs, amounts and signatures from it', () => {
  const read = btc.Transaction.fromPSBT(Buffer.from(psbtOf('payout'), 'base64'));
  read.finalize();
  expect(hex.encode(read.extract())).toBe(payout.transactionHex);
  const inputs = Array.from({ length: read.inputsLength }, (_, index) => read.getInput(index));
  const total = inputs.reduce((sum, input) => sum + (input.witnessUtxo?.amount ?? 0n), 0n);
  expect(Number(total)).toBe(payout.release.request.amountSats);
});

test('evidence of a key generation has no transaction to show', () => {
  expect(() => psbtOf('keygen')).toThrow(expect.objectContaining({ code: 'input.file' }));
});
