import { address, Transaction } from 'bitcoinjs-lib';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import type { BitcoinNetwork } from '../../../domain/network/network.ts';
import type { PayoutPlan, TransactionCodec } from '../../../domain/ports/chain.ts';
import { useNobleCurve } from './curve.ts';
import { displayHex, internalBytes } from './merkle.ts';
import { type NetworkParams, paramsOf } from './network-params.ts';
import { dustLimitSats, payoutVsize } from './size.ts';

/** Signals replaceability (BIP125) and leaves absolute lock times enabled. */
const REPLACEABLE = 0xfffffffd;
const TRANSACTION_BYTES_MAX = 400_000;
/** A payout of more inputs would not be relayed (100,000 vbytes). */
const PAYOUT_INPUTS_MAX = 1_000;
const SIGNATURE_BYTES = 64;
/** Taproot. Later versions have no rules yet: coins sent there are anyone's. */
const WITNESS_VERSION_MAX = 1;
const OP_1 = 0x51;
const OP_16 = 0x60;

/** Transactions and addresses with bitcoinjs-lib; pure, so that validators and verifiers recompute every byte. */
export function transactionCodec(network: BitcoinNetwork): TransactionCodec {
  useNobleCurve();
  const params = paramsOf(network);
  return {
    buildPayout,
    readTransaction,
    sighashes,
    attachSignatures,
    scriptOf: (text) => scriptOf(text, params),
    addressOf: (script) => addressOf(script, params),
    dustLimitSats,
    payoutVsize,
  };
}

const buildPayout: TransactionCodec['buildPayout'] = (plan) => {
  const payoutScript = fromHex(plan.payoutScript, 'payout script');
  const payoutSats = checkedPayout(plan);
  const transaction = new Transaction();
  transaction.version = 2;
  for (const input of plan.inputs) {
    fromHex(input.outpoint.txid, 'txid', 32);
    transaction.addInput(internalBytes(input.outpoint.txid), input.outpoint.vout, REPLACEABLE);
  }
  transaction.addOutput(payoutScript, BigInt(payoutSats));
  return {
    transaction: transaction.toBuffer(),
    txid: transaction.getId(),
    vsize: payoutVsize(plan.inputs.length, plan.payoutScript),
  };
};

function checkedPayout(plan: PayoutPlan): number {
  const { inputs, feeSats } = plan;
  if (inputs.length === 0 || inputs.length > PAYOUT_INPUTS_MAX) {
    throw new FirebreakFailure(
      'input.payout',
      `a payout has 1 to ${PAYOUT_INPUTS_MAX} inputs, this one ${inputs.length}`,
    );
  }
  const amounts = [feeSats, ...inputs.map((input) => input.amountSats)];
  if (!amounts.every((amount) => Number.isSafeInteger(amount) && amount >= 0)) {
    throw new FirebreakFailure('input.payout', 'amounts and fee of a payout are whole satoshis');
  }
  const outpoints = new Set(inputs.map(({ outpoint }) => `${outpoint.txid}:${outpoint.vout}`));
  if (outpoints.size !== inputs.length) throw new FirebreakFailure('input.payout', 'a payout spends an output twice');
  const payoutSats = inputs.reduce((sum, input) => sum + input.amountSats, 0) - feeSats;
  const dustSats = dustLimitSats(plan.payoutScript);
  if (payoutSats < dustSats) {
    throw new FirebreakFailure(
      'input.payout',
      `after the fee of ${feeSats} sats ${payoutSats} sats remain, and nodes relay no less than ${dustSats} to this script`,
      { feeSats, payoutSats, dustSats },
    );
  }
  return payoutSats;
}

const readTransaction: TransactionCodec['readTransaction'] = (bytes) => {
  const transaction = parse(bytes);
  return {
    txid: transaction.getId(),
    inputs: transaction.ins.map((input) => ({ txid: displayHex(input.hash), vout: input.index })),
    outputs: transaction.outs.map((output) => ({ script: toHex(output.script), amountSats: Number(output.value) })),
  };
};

const sighashes: TransactionCodec['sighashes'] = (bytes, prevouts) => {
  const transaction = parse(bytes);
  if (prevouts.length !== transaction.ins.length) {
    throw new FirebreakFailure(
      'input.prevouts',
      `the transaction has ${transaction.ins.length} inputs, but ${prevouts.length} previous outputs were given`,
    );
  }
  if (!prevouts.every(({ amountSats }) => Number.isSafeInteger(amountSats) && amountSats >= 0)) {
    throw new FirebreakFailure('input.prevouts', 'amounts of previous outputs are whole satoshis');
  }
  const scripts = prevouts.map((prevout) => fromHex(prevout.script, 'script of a previous output'));
  const values = prevouts.map((prevout) => BigInt(prevout.amountSats));
  return transaction.ins.map((_input, index) =>
    transaction.hashForWitnessV1(index, scripts, values, Transaction.SIGHASH_DEFAULT),
  );
};

const attachSignatures: TransactionCodec['attachSignatures'] = (bytes, signatures) => {
  const transaction = parse(bytes);
  if (signatures.length !== transaction.ins.length || signatures.some((one) => one.length !== SIGNATURE_BYTES)) {
    throw new FirebreakFailure(
      'input.signature',
      `expected ${transaction.ins.length} signatures of ${SIGNATURE_BYTES} bytes, got lengths ${signatures.map((one) => one.length).join(', ')}`,
    );
  }
  signatures.forEach((signature, index) => {
    transaction.setWitness(index, [signature]);
  });
  return transaction.toBuffer();
};

function parse(bytes: Uint8Array): Transaction {
  if (bytes.length > TRANSACTION_BYTES_MAX) {
    throw new FirebreakFailure(
      'input.transaction',
      `a transaction of ${bytes.length} bytes is larger than nodes relay`,
    );
  }
  let transaction: Transaction;
  try {
    transaction = Transaction.fromBuffer(bytes);
  } catch (cause) {
    throw new FirebreakFailure('input.transaction', 'the bytes are not exactly one Bitcoin transaction', {}, { cause });
  }
  if (transaction.ins.length === 0 || transaction.outs.length === 0) {
    throw new FirebreakFailure('input.transaction', 'a transaction has inputs and outputs, these bytes have not');
  }
  // Two encodings of one transaction would have two digests; only the canonical one is accepted.
  if (!Buffer.from(transaction.toBuffer()).equals(bytes)) {
    throw new FirebreakFailure('input.transaction', 'the bytes are not the canonical form of their transaction');
  }
  return transaction;
}

function scriptOf(text: string, params: NetworkParams): string {
  try {
    if (witnessVersionOf(text) > WITNESS_VERSION_MAX) throw new Error('unknown witness version');
    return toHex(address.toOutputScript(text, params.addresses));
  } catch (cause) {
    throw new FirebreakFailure(
      'input.address',
      `${JSON.stringify(text.slice(0, 100))} is not an address of Bitcoin ${params.network}, or was mistyped; ` +
        `copy it again (${params.network} addresses start with ${params.addresses.bech32}1)`,
      { network: params.network },
      { cause },
    );
  }
}

/** -1 for everything that is not bech32; asked first, because bitcoinjs-lib writes a warning to the console for later versions. */
function witnessVersionOf(text: string): number {
  try {
    return address.fromBech32(text).version;
  } catch {
    return -1;
  }
}

function addressOf(script: string, params: NetworkParams): string {
  const bytes = fromHex(script, 'script');
  try {
    const [opcode = 0] = bytes;
    if (opcode > OP_1 && opcode <= OP_16) throw new Error('unknown witness version');
    return address.fromOutputScript(bytes, params.addresses);
  } catch (cause) {
    throw new FirebreakFailure('input.script', `script ${script.slice(0, 80)} has no address`, {}, { cause });
  }
}
