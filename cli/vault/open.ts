import { randomBytes } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import type { Client } from '@temporalio/client';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { type SignedTerms, type Terms, vaultIdOf } from '../../domain/vault/terms.ts';
import { judgeTerms, SUPPLY_SATS } from '../../domain/vault/verify-terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { CONFIRM_DEPOSIT, startConfirmDeposit } from '../../workflows/confirm-deposit/messages.ts';
import { OPEN_VAULT, type OpenVaultResult, startOpenVault } from '../../workflows/open-vault/messages.ts';
import { confirm } from '../ask.ts';
import { withClient } from '../coordinator.ts';
import { readTerms } from '../documents.ts';
import { readWholeNumber } from '../duration.ts';
import { readSchnorrKey } from '../files.ts';
import { activeKey } from '../key/keys.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import type { Screen } from '../screen.ts';
import { waitForResult } from '../waiting.ts';
import { requireAsked } from './statements.ts';
import { agreedHeight } from './tip.ts';

export type OpenVaultOptions = {
  readonly data: string;
  readonly terms?: string;
  readonly ownerKey?: string;
  readonly releasePublicKey?: string;
  readonly payTo?: string;
  readonly amount?: string;
  readonly deadline: string;
  readonly maximumFee: string;
  readonly refundAfter?: string;
  readonly purpose: string;
  readonly epoch?: string;
  readonly confirmations?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
};

/** Signs terms here with the owner's key, has the validators hold them, and starts to watch for the deposit. */
export async function openVault(screen: Screen, options: OpenVaultOptions): Promise<Outcome> {
  const operator = readOperator(options.data);
  // Everything that was typed is judged before anybody is asked and before anything is started.
  const choice = readChoice(options);
  const written = options.terms === undefined ? draftTerms(options, operator.genesis) : readTerms(options.terms);
  const { whileConnected } = await import('../connection.ts');
  const height = await whileConnected(options, (network) => agreedHeight(operator.genesis, network));
  const signedTerms = typeof written === 'function' ? written(height) : written;
  const judged = judgeTerms(signedTerms, operator.genesis);
  if (!judged.ok) throw failureOf(judged.refusal);
  const { terms } = signedTerms;
  if (!options.json) for (const line of termsLines(terms)) screen.out(`${line}\n`);
  await confirm(screen, { text: 'Open a vault with these terms?', flag: '--yes', given: options.yes === true });
  return withClient(operator, (client) =>
    open(screen, client, operator, { ...options, ...choice }, signedTerms, height),
  );
}

type Choice = { readonly epoch: number | undefined; readonly confirmations: number | undefined };

const readChoice = ({ epoch, confirmations }: OpenVaultOptions): Choice => ({
  epoch: epoch === undefined ? undefined : readWholeNumber(epoch, '--epoch', 1, 1_000_000),
  confirmations: confirmations === undefined ? undefined : readWholeNumber(confirmations, '--confirmations', 1, 1_000),
});

async function open(
  screen: Screen,
  client: Client,
  operator: Operator,
  options: Pick<OpenVaultOptions, 'json'> & Choice,
  signedTerms: SignedTerms,
  height: number,
): Promise<Outcome> {
  const { key } = await activeKey(client, operator, options.epoch);
  const network = operator.genesis.name;
  const queue = operator.temporal.taskQueue;
  const handle = await client.workflow.start(
    OPEN_VAULT,
    startOpenVault({ network, signedTerms, key, watchFromHeight: height }, queue),
  );
  const result = await waitForResult<OpenVaultResult>(options.json ? undefined : screen, handle);
  if (result.outcome === 'refused')
    throw new FirebreakFailure(result.refusal.code, result.refusal.message, result.refusal.details);
  requireAsked(vaultIdOf(signedTerms.terms), result.vault);
  const watch = {
    network,
    vault: result.vault,
    key,
    script: result.script,
    watchFromHeight: result.watchFromHeight,
    ...(options.confirmations === undefined ? {} : { confirmations: options.confirmations }),
  };
  await client.workflow.start(CONFIRM_DEPOSIT, startConfirmDeposit(watch, queue));
  return {
    data: { vault: result.vault, epoch: key.epoch, holders: result.holders, watchFromHeight: result.watchFromHeight },
    // The address is the coordinator's word here; `vault show` computes it.
    lines: [`vault ${result.vault} is OPEN: ${result.holders.length} validators hold its terms`],
    // In full: terms whose id begins with the same few characters are cheap to make.
    next: `vault show ${result.vault}`,
  };
}

/** Reads the options and checks that the key is there; the terms are signed when the height is known from which they count. */
function draftTerms(options: OpenVaultOptions, genesis: NetworkGenesis): (height: number) => SignedTerms {
  const { ownerKey: keyFile, payTo, amount } = options;
  if (keyFile === undefined || payTo === undefined || amount === undefined) {
    throw new FirebreakFailure('input.usage', 'give --owner-key, --pay-to and --amount, or --terms with a signed file');
  }
  const payoutScript = transactionCodec(genesis.bitcoinNetwork).scriptOf(payTo);
  const amountSats = readWholeNumber(amount, '--amount', 1, SUPPLY_SATS);
  const deadline = readWholeNumber(options.deadline, '--deadline', 1, 1_000_000);
  const maximumFeeSats = readWholeNumber(options.maximumFee, '--maximum-fee', 1, SUPPLY_SATS);
  const refundAfter =
    options.refundAfter === undefined
      ? undefined
      : readWholeNumber(options.refundAfter, '--refund-after', 1, 1_000_000);
  readSchnorrKey(keyFile, 'owner key').fill(0);
  return (height) =>
    signTerms(keyFile, (ownerKey) => ({
      version: 1,
      environment: genesis.environment,
      network: genesis.name,
      bitcoinNetwork: genesis.bitcoinNetwork,
      purpose: options.purpose,
      payoutScript,
      deposit: { amountSats, deadlineHeight: height + deadline },
      maximumFeeSats,
      ownerKey,
      releaseKey: options.releasePublicKey ?? ownerKey,
      ...(refundAfter === undefined ? {} : { refund: { lockHeight: height + refundAfter } }),
      salt: randomBytes(16).toString('hex'),
    }));
}

/** Signed by the owner's key, which never leaves this function. */
function signTerms(keyFile: string, termsOf: (ownerKey: string) => Terms): SignedTerms {
  const secret = readSchnorrKey(keyFile, 'owner key');
  try {
    const terms = termsOf(toHex(schnorr.getPublicKey(secret)));
    return { terms, signature: toHex(schnorr.sign(fromHex(vaultIdOf(terms), 'vault id', 32), secret)) };
  } finally {
    secret.fill(0);
  }
}

const termsLines = (terms: Terms): string[] => [
  `terms of vault ${vaultIdOf(terms)} (computed here)`,
  `  purpose    ${terms.purpose}`,
  `  deposit    ${terms.deposit.amountSats} sat until block ${terms.deposit.deadlineHeight}`,
  `  pays to    ${transactionCodec(terms.bitcoinNetwork).addressOf(terms.payoutScript)}, fee at most ${terms.maximumFeeSats} sat`,
  `  refund     ${terms.refund === undefined ? 'none' : `the owner alone after block ${terms.refund.lockHeight}`}`,
];
