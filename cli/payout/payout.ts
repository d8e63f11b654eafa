import { schnorr } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import {
  type ReleaseRequest,
  releaseRequestDigest,
  type SignedReleaseRequest,
  type Terms,
  type VaultId,
} from '../../domain/vault/terms.ts';
import { SUPPLY_SATS } from '../../domain/vault/verify-terms.ts';
import { parseSignedReleaseRequest } from '../../wire/documents/index.ts';
import { PAY_OUT, type PayOutResult, startPayOut } from '../../workflows/pay-out/messages.ts';
import { confirm } from '../ask.ts';
import { blameLines } from '../ceremony/show.ts';
import { withClient } from '../coordinator.ts';
import { readDuration, readWholeNumber } from '../duration.ts';
import { readBounded, readSchnorrKey } from '../files.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import type { Screen } from '../screen.ts';
import { findVault, type OpenVault, openedVault } from '../vault/find.ts';
import { waitForResult } from '../waiting.ts';
import { agreedDeposits } from './deposits.ts';
import { requestLines } from './describe.ts';
import { feesOf } from './fee.ts';
import { requireReleaseKey } from './release-key.ts';
import { recordedTerms } from './terms.ts';

export type PayoutOptions = {
  readonly data: string;
  readonly releaseKey?: string;
  readonly request?: string;
  readonly fee?: string;
  readonly highestFee?: string;
  readonly for: string;
  readonly confirmations: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
};

/** Makes (or carries) a release request and starts the process that turns it into one confirmed spend. */
export async function payout(screen: Screen, options: PayoutOptions, name: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  const confirmations = readWholeNumber(options.confirmations, '--confirmations', 1, 1_000);
  const carried = typedRequest(options);
  return withClient(operator, async (client) => {
    const vault = await findVault(client, operator, name);
    const opened = await openedVault(client, operator, vault);
    const { key } = opened;
    if (carried !== undefined) requireVault(carried.request, vault, options.request);
    const terms = await recordedTerms(operator, opened, vault);
    if (carried === undefined) requireReleaseKey(options.releaseKey ?? '', terms);
    const request = carried?.request ?? (await requestFor(operator, options, opened, terms, vault, confirmations));
    if (!options.json) for (const line of requestLines(request, terms)) screen.out(`${line}\n`);
    await confirm(screen, { text: 'Release these coins?', flag: '--yes', given: options.yes === true });
    const signedReleaseRequest = carried ?? sign(request, options.releaseKey ?? '');
    const start = startPayOut(
      {
        network: operator.genesis.name,
        signedReleaseRequest,
        key,
        watchFromHeight: opened.watchFromHeight,
        confirmations,
      },
      operator.temporal.taskQueue,
    );
    const handle = await client.workflow.start(PAY_OUT, start);
    if (options.wait === false) {
      return {
        data: {
          workflowId: handle.workflowId,
          vault,
          request: releaseRequestDigest(request),
          amountSats: request.amountSats,
        },
        lines: [`started ${handle.workflowId}`],
        next: `ceremony show ${handle.workflowId}`,
      };
    }
    return settled(
      vault,
      handle.workflowId,
      await waitForResult<PayOutResult>(options.json ? undefined : screen, handle),
    );
  });
}

/**
 * What was typed is judged before anybody is asked. Gives the request that was signed elsewhere, read once: what is shown and what
 * is carried must not differ because the file changed in between.
 */
function typedRequest(options: PayoutOptions): SignedReleaseRequest | undefined {
  const { releaseKey, request, fee, highestFee, for: lifetime } = options;
  readDuration(lifetime, '--for');
  if (fee !== undefined) readWholeNumber(fee, '--fee', 1, SUPPLY_SATS);
  if (highestFee !== undefined) readWholeNumber(highestFee, '--highest-fee', 1, SUPPLY_SATS);
  if (request !== undefined) return parseSignedReleaseRequest(readBounded(request, 'release request'), request);
  if (releaseKey === undefined)
    throw new FirebreakFailure('input.usage', 'give --release-key, or --request with a signed release request');
  readSchnorrKey(releaseKey, 'release key').fill(0);
  return undefined;
}

async function requestFor(
  operator: Operator,
  options: PayoutOptions,
  opened: OpenVault,
  terms: Terms,
  vault: VaultId,
  confirmations: number,
): Promise<ReleaseRequest> {
  const { whileConnected } = await import('../connection.ts');
  const { genesis } = operator;
  const { deposits, amountSats, fees } = await whileConnected(options, async (network) => {
    const deposits = await agreedDeposits(genesis, network, vault, opened.key.keyset, confirmations);
    const amountSats = deposits.reduce((sum, deposit) => sum + deposit.amountSats, 0);
    const about = { count: deposits.length, amountSats };
    return { deposits, amountSats, fees: await feesOf(options, genesis, network, terms, about) };
  });
  return {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    vault,
    outpoints: deposits.map((deposit) => deposit.outpoint),
    amountSats,
    ...fees,
    expiresAtSeconds: Math.floor(Date.now() / 1000) + readDuration(options.for, '--for'),
  };
}

function requireVault(request: ReleaseRequest, vault: VaultId, file = 'the request'): void {
  if (request.vault === vault) return;
  throw new FirebreakFailure('input.file', `${file} releases vault ${request.vault}, not ${vault}`);
}

function sign(request: ReleaseRequest, keyFile: string): SignedReleaseRequest {
  const secret = readSchnorrKey(keyFile, 'release key');
  try {
    return {
      request,
      signature: toHex(schnorr.sign(fromHex(releaseRequestDigest(request), 'release digest', 32), secret)),
    };
  } finally {
    secret.fill(0);
  }
}

function settled(vault: VaultId, workflowId: string, result: PayOutResult): Outcome {
  if (result.outcome === 'refused') {
    const { code, message, details } = result.refusal;
    const faults = blameLines(result, workflowId).map((line) => line.trim());
    throw new FirebreakFailure(code, [message, ...faults].join('; '), details);
  }
  const where = [
    `  txid       ${result.txid}`,
    `  block      ${result.block.height} (${result.confirmations} confirmations)`,
  ];
  if (result.outcome === 'settled-before') {
    return {
      data: { vault, workflowId, ...result },
      lines: [
        result.alsoSigned === undefined
          ? `vault ${vault} was PAID OUT before; nothing was signed now`
          : `vault ${vault} is PAID OUT by another transaction of the same coins; what was signed here is void`,
        ...where,
      ],
    };
  }
  return {
    data: { vault, workflowId, ...result },
    lines: [
      `vault ${vault} is PAID OUT`,
      ...where,
      `  amount     ${result.payoutSats} sat, fee ${result.feeSats} sat`,
      `  signed by  validators ${result.signers.join(', ')}`,
      ...blameLines(result, workflowId),
      ...(result.alsoSigned ?? [])
        .filter(({ txid }) => txid !== result.txid)
        .map(({ txid, feeSats }) => `  void       ${txid}, signed for the same coins at a fee of ${feeSats} sat`),
    ],
    next: `ceremony evidence ${result.ceremony} --out ${result.ceremony}.json`,
  };
}
