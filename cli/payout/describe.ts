import { outpointText, type ReleaseRequest, releaseRequestDigest, type Terms } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { utc } from '../duration.ts';

/**
 * What somebody agrees to who releases these coins, in words and in full, with the digest that was computed from the same
 * values. `terms` are those that the vault's id is the digest of: the request itself names no destination.
 */
export function requestLines(request: ReleaseRequest, terms: Terms): readonly string[] {
  const { vault, outpoints, amountSats, expiresAtSeconds } = request;
  return [
    `PAY OUT vault ${vault}`,
    `  network    ${request.network} (${request.environment})`,
    `  purpose    ${terms.purpose}`,
    `  spends     ${amountSats} sat, ${outpoints.length === 1 ? 'one deposit' : `${outpoints.length} deposits`}`,
    ...outpoints.map((outpoint) => `             ${outpointText(outpoint)}`),
    `  pays       ${paid(request)} to ${transactionCodec(terms.bitcoinNetwork).addressOf(terms.payoutScript)}`,
    ...feeLines(request, terms),
    `  expires    ${utc(expiresAtSeconds)}; nobody signs it after that`,
    `  digest     ${releaseRequestDigest(request)} (computed here)`,
  ];
}

/** With several fees the amount depends on which of them it takes; the least of it is said first. */
function paid({ amountSats, feeSats, higherFeesSats }: ReleaseRequest): string {
  const most = `${amountSats - feeSats} sat`;
  const highest = higherFeesSats?.at(-1);
  return highest === undefined ? most : `at least ${amountSats - highest} sat, at most ${most},`;
}

function feeLines({ feeSats, higherFeesSats }: ReleaseRequest, { maximumFeeSats }: Terms): readonly string[] {
  const most = `the terms allow at most ${maximumFeeSats} sat`;
  if (higherFeesSats === undefined) return [`  fee        ${feeSats} sat, exactly; ${most}`];
  const highest = higherFeesSats.at(-1) ?? feeSats;
  return [
    `  fee        ${feeSats} sat first; ${most}`,
    `  if stuck   ${higherFeesSats.join(', ')} sat, one after the other, without asking you again`,
    `             whoever carries this request may take any of these: sign only if ${highest} sat is fine`,
  ];
}
