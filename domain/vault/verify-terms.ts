import { isHex } from '../encoding/hex.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { NetworkGenesis } from '../network/network.ts';
import type { TermsRefusal } from './failures.ts';
import { dustLimitSats, payoutScriptKind } from './payout-script.ts';
import { type SignedTerms, type Terms, type VaultId, vaultIdOf } from './terms.ts';
import { isXOnlyKey, verifiesBip340 } from './x-only.ts';

/** 21,000,000 BTC. */
export const SUPPLY_SATS: number = 2_100_000_000_000_000;
/** Lock times from here on are clock times (BIP65). */
export const LOCK_HEIGHT_END: number = 500_000_000;
/** One key-path input and one P2TR output are 111 vB; nodes commonly relay from 1 sat/vB. */
export const MAXIMUM_FEE_LEAST_SATS: number = 111;
export const PURPOSE_LENGTH_MAX: number = 200;

/**
 * Whether terms may be held by members of this network, and which vault they are. The registry, the validators and the
 * operator's tool ask this same function: what one of them holds, all of them hold.
 */
export function judgeTerms(
  signed: SignedTerms,
  genesis: Pick<NetworkGenesis, 'name' | 'environment' | 'bitcoinNetwork'>,
): Verdict<VaultId, TermsRefusal> {
  const { terms } = signed;
  const fields = judgeFields(terms);
  if (fields !== undefined) return fields;
  if (
    terms.network !== genesis.name ||
    terms.environment !== genesis.environment ||
    terms.bitcoinNetwork !== genesis.bitcoinNetwork
  ) {
    return refuse(
      'policy.terms-network',
      `terms are for ${terms.environment}/${terms.network} on ${terms.bitcoinNetwork}, this is ${genesis.environment}/${genesis.name} on ${genesis.bitcoinNetwork}`,
    );
  }
  const vault = vaultIdOf(terms);
  if (!verifiesBip340(signed.signature, vault, terms.ownerKey)) {
    return refuse('policy.terms-signature', `terms of vault ${vault} are not signed by their owner key`, { vault });
  }
  return accept(vault);
}

type FieldRefusal = ReturnType<typeof refuse<TermsRefusal>>;

function judgeFields(terms: Terms): FieldRefusal | undefined {
  if (terms.version !== 1) return refuse('input.terms-version', 'terms: version must be 1');
  if (!isOneLine(terms.purpose)) {
    return refuse(
      'input.terms-purpose',
      `terms: purpose must be one printable line of up to ${PURPOSE_LENGTH_MAX} characters`,
    );
  }
  if (!isHex(terms.salt, 16))
    return refuse('input.terms-salt', 'terms: salt must be 16 bytes in lower-case hexadecimal');
  if (!isXOnlyKey(terms.ownerKey))
    return refuse('input.terms-owner-key', 'terms: ownerKey is not an x-only public key');
  if (!isXOnlyKey(terms.releaseKey)) {
    return refuse('input.terms-release-key', 'terms: releaseKey is not an x-only public key');
  }
  return judgeAmounts(terms) ?? judgeHeights(terms);
}

function judgeAmounts(terms: Terms): FieldRefusal | undefined {
  const kind = payoutScriptKind(terms.payoutScript);
  if (kind === undefined) {
    return refuse('input.terms-payout-script', 'terms: payoutScript is not a standard output that somebody can spend');
  }
  const { amountSats } = terms.deposit;
  if (!isWhole(amountSats, 1, SUPPLY_SATS)) {
    return refuse('input.terms-deposit', `terms: deposit.amountSats must be from 1 to ${SUPPLY_SATS}`);
  }
  if (!isWhole(terms.maximumFeeSats, MAXIMUM_FEE_LEAST_SATS, SUPPLY_SATS)) {
    return refuse('input.terms-fee', `terms: maximumFeeSats must be at least ${MAXIMUM_FEE_LEAST_SATS}`);
  }
  const limit = dustLimitSats(terms.payoutScript, kind);
  if (amountSats - terms.maximumFeeSats < limit) {
    return refuse(
      'input.terms-dust',
      `terms: deposit.amountSats minus maximumFeeSats must leave at least ${limit} satoshis, the smallest ${kind} output that nodes relay`,
      { limitSats: limit },
    );
  }
  return undefined;
}

function judgeHeights(terms: Terms): FieldRefusal | undefined {
  const { deadlineHeight } = terms.deposit;
  if (!isWhole(deadlineHeight, 1, LOCK_HEIGHT_END - 1)) {
    return refuse(
      'input.terms-deposit',
      `terms: deposit.deadlineHeight must be a block height below ${LOCK_HEIGHT_END}`,
    );
  }
  if (terms.refund === undefined) return undefined;
  // An owner who could spend while the deposit is still awaited would race every payout of it.
  if (!isWhole(terms.refund.lockHeight, deadlineHeight + 1, LOCK_HEIGHT_END - 1)) {
    return refuse(
      'input.terms-refund',
      `terms: refund.lockHeight must be above deposit.deadlineHeight (${deadlineHeight}) and below ${LOCK_HEIGHT_END}`,
    );
  }
  return undefined;
}

const isWhole = (value: number, least: number, most: number): boolean =>
  Number.isSafeInteger(value) && value >= least && value <= most;

const isOneLine = (text: string): boolean =>
  text.trim().length > 0 &&
  text.length <= PURPOSE_LENGTH_MAX &&
  text.isWellFormed() &&
  !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text);
