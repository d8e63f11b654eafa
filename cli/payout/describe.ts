import { outpointText, type ReleaseRequest, releaseRequestDigest, type Terms } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { utc } from '../duration.ts';

/**
 * What somebody agrees to who releases these coins, in words and in full, with the digest that was computed from the same
 * values. `terms` are those that the vault's id is the digest of: the request itself names no destination.
 */
export function requestLines(request: ReleaseRequest, terms: Terms): readonly string[] {
  const { vault, outpoints, amountSats, feeSats, expiresAtSeconds } = request;
  const payout = amountSats - feeSats;
  return [
    `PAY OUT vault ${vault}`,
    `  network    ${request.network} (${request.environment})`,
    `  purpose    ${terms.purpose}`,
    `  spends     ${amountSats} sat, ${outpoints.length === 1 ? 'one deposit' : `${outpoints.length} deposits`}`,
    ...outpoints.map((outpoint) => `             ${outpointText(outpoint)}`),
    `  pays       ${payout} sat to ${transactionCodec(terms.bitcoinNetwork).addressOf(terms.payoutScript)}`,
    `  fee        ${feeSats} sat, exactly; the terms allow at most ${terms.maximumFeeSats} sat`,
    `  expires    ${utc(expiresAtSeconds)}; nobody signs it after that`,
    `  digest     ${releaseRequestDigest(request)} (computed here)`,
  ];
}
