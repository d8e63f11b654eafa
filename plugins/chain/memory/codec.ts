import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import type { BitcoinNetwork } from '../../../domain/network/network.ts';
import type { PayoutPlan, TransactionCodec } from '../../../domain/ports/chain.ts';
import { addressOfScript, scriptOfAddress } from './segwit-address.ts';
import { keyPathSighash } from './sighash.ts';
import { displayHex, readTx, type Tx, txidOf, vsizeOf, writeTx } from './transaction.ts';

const REPLACEABLE = 0xfffffffd;
const INPUTS_MAX = 1_000;
/** Core's dust rule for segwit outputs: three times the size of the output and of the input that spends it, in satoshis. */
const dustLimitSats = (script: string): number => (8 + 1 + script.length / 2 + 67) * 3;

/** The reference twin of the Bitcoin codec, from the BIPs; it knows segwit scripts only. */
export function memoryCodec(network: BitcoinNetwork): TransactionCodec {
  return {
    buildPayout(plan) {
      const tx = payoutOf(plan);
      return { transaction: writeTx(tx), txid: txidOf(tx), vsize: payoutVsize(plan.inputs.length, plan.payoutScript) };
    },
    readTransaction(bytes) {
      const tx = readTx(bytes);
      return {
        txid: txidOf(tx),
        inputs: tx.inputs.map((input) => ({ txid: displayHex(input.prevHash), vout: input.prevVout })),
        outputs: tx.outputs.map((output) => ({ script: toHex(output.script), amountSats: Number(output.valueSats) })),
      };
    },
    sighashes(bytes, prevouts) {
      const tx = readTx(bytes);
      if (prevouts.length !== tx.inputs.length) {
        throw new FirebreakFailure(
          'input.prevouts',
          `${tx.inputs.length} inputs, but ${prevouts.length} previous outputs`,
        );
      }
      if (!prevouts.every(({ amountSats }) => Number.isSafeInteger(amountSats) && amountSats >= 0)) {
        throw new FirebreakFailure('input.prevouts', 'amounts of previous outputs are whole satoshis');
      }
      const spent = prevouts.map((prevout) => ({
        valueSats: BigInt(prevout.amountSats),
        script: fromHex(prevout.script, 'script of a previous output'),
      }));
      return tx.inputs.map((_input, index) => keyPathSighash(tx, index, spent));
    },
    attachSignatures(bytes, signatures) {
      const tx = readTx(bytes);
      if (signatures.length !== tx.inputs.length || signatures.some((signature) => signature.length !== 64)) {
        throw new FirebreakFailure('input.signature', `expected ${tx.inputs.length} signatures of 64 bytes`);
      }
      const inputs = tx.inputs.map((input, index) => ({ ...input, witness: [signatures[index] ?? new Uint8Array()] }));
      return writeTx({ ...tx, inputs });
    },
    scriptOf(address) {
      const script = scriptOfAddress(address, network);
      if (script !== undefined) return toHex(script);
      throw new FirebreakFailure(
        'input.address',
        `${JSON.stringify(address.slice(0, 100))} is not a segwit address of Bitcoin ${network}, or was mistyped; copy it again`,
      );
    },
    addressOf(script) {
      const address = addressOfScript(fromHex(script, 'script'), network);
      if (address !== undefined) return address;
      throw new FirebreakFailure('input.script', `script ${script.slice(0, 80)} has no segwit address`);
    },
    dustLimitSats,
    payoutVsize,
  };
}

function payoutOf(plan: PayoutPlan): Tx {
  const { inputs, feeSats } = plan;
  const amounts = [feeSats, ...inputs.map((input) => input.amountSats)];
  const outpoints = new Set(inputs.map(({ outpoint }) => `${outpoint.txid}:${outpoint.vout}`));
  const payoutSats = inputs.reduce((sum, input) => sum + input.amountSats, 0) - feeSats;
  const wholeAmounts = amounts.every((amount) => Number.isSafeInteger(amount) && amount >= 0);
  if (inputs.length === 0 || inputs.length > INPUTS_MAX || outpoints.size !== inputs.length || !wholeAmounts) {
    throw new FirebreakFailure('input.payout', 'a payout has 1 to 1000 different inputs and whole amounts');
  }
  if (payoutSats < dustLimitSats(plan.payoutScript)) {
    throw new FirebreakFailure(
      'input.payout',
      `after the fee of ${feeSats} sats ${payoutSats} sats remain, which is dust`,
    );
  }
  return {
    version: 2,
    lockTime: 0,
    inputs: inputs.map(({ outpoint }) => ({
      prevHash: fromHex(outpoint.txid, 'txid', 32).reverse(),
      prevVout: outpoint.vout,
      scriptSig: new Uint8Array(),
      sequence: REPLACEABLE,
      witness: [],
    })),
    outputs: [{ valueSats: BigInt(payoutSats), script: fromHex(plan.payoutScript, 'payout script') }],
  };
}

/** By building one: the reference prefers the obvious to the quick. */
function payoutVsize(inputCount: number, payoutScript: string): number {
  const input = {
    prevHash: new Uint8Array(32),
    prevVout: 0,
    scriptSig: new Uint8Array(),
    sequence: 0,
    witness: [new Uint8Array(64)],
  };
  const outputs = [{ valueSats: 0n, script: fromHex(payoutScript, 'payout script') }];
  return vsizeOf({ version: 2, lockTime: 0, inputs: Array.from({ length: inputCount }, () => input), outputs });
}
