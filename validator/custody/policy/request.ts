import {
  givesSignatures,
  givesSweeps,
  isCeremonyId,
  type PublicKeyPackage,
} from '../../../domain/ceremony/ceremony.ts';
import { accept, refuse, type Verdict } from '../../../domain/errors/failure.ts';
import { outpointText } from '../../../domain/vault/terms.ts';
import { judgeTerms } from '../../../domain/vault/verify-terms.ts';
import type { VaultTweak } from '../../../threshold/suite.ts';
import { SUITE } from '../../../threshold/verify/signing-transcript.ts';
import { vaultScript, vaultTweakOf } from '../../../threshold/verify/vault-script.ts';
import type { SigningRequest } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { judgeSignerSet, type SignerSet } from '../commitments.ts';
import type { KeysetRow, Spend, TermsRow } from '../journal/journal.ts';
import type { AgentParts } from '../parts.ts';
import { judgeClaims } from './claims.ts';
import { judgeDeposits } from './deposits.ts';
import { hopelessSpends } from './locks.ts';
import { payoutWarrant } from './payout.ts';
import { judgeAnchor, judgeChain, judgeOutput } from './rules.ts';
import { sweepWarrant } from './sweep.ts';
import type { Warrant } from './warrant.ts';

/** A transaction that this validator is willing to lock outputs for and to sign, with everything it computed itself. */
export type AgreedSpend = {
  readonly keyset: KeysetRow;
  readonly tweak: VaultTweak;
  readonly spend: Spend;
  /** The vault as it is held from here on: a sweep takes it to another key. */
  readonly moved: TermsRow | undefined;
  /** BIP341 sighash per input. */
  readonly messages: readonly Uint8Array[];
};
/** With everybody who signs it, and as many locks as signatures. */
export type AgreedRequest = AgreedSpend & { readonly signers: SignerSet };

/** Coins move without their release key, to the same vault under another key; a brake on payouts does not stop it. */
export const isSweep = ({ sweep }: Pick<SigningRequest, 'sweep'>): boolean => sweep !== undefined;

/** The whole policy of a signature: what is signed, and that every signer has locked its outputs for exactly that. */
export function judgeSigningRequest(parts: AgentParts, request: SigningRequest): Verdict<AgreedRequest> {
  const agreed = judgeProposal(parts, request);
  if (!agreed.ok) return agreed;
  const { package: key } = agreed.value.keyset;
  const { spend, messages } = agreed.value;
  const session = { key, ceremony: request.ceremony, inputs: messages.length, need: key.threshold, locked: spend.txid };
  const signers = judgeSignerSet(parts, request.commitments, session);
  return signers.ok ? accept({ ...agreed.value, signers: signers.value }) : signers;
}

/**
 * What is to be signed, cheapest rules first, before anybody has committed to it. Nothing of the request is believed: terms are the ones
 * held and judged again, scripts and tweak are derived, amounts and depths come from the own chain view, the transaction is rebuilt.
 */
export function judgeProposal(parts: AgentParts, request: SigningRequest): Verdict<AgreedSpend> {
  const keyset = judgePlace(parts, request);
  if (!keyset.ok) return keyset;
  const key = keyset.value.package;
  const early = judgeChain(parts) ?? judgeAnchor(parts, request.anchorHash, request.anchorHeight);
  if (early !== undefined) return { ok: false, refusal: early };

  const warrant = warrantOf(parts, request, key);
  if (!warrant.ok) return warrant;
  const { vault } = warrant.value;
  const held = parts.journal.terms.get(vault, key.keyset);
  if (held === undefined)
    return refuse('not-yet.terms-unknown', `vault ${vault.slice(0, 64)} is not held under keyset ${key.keyset}`);
  const judged = judgeTerms(held.signedTerms, parts.genesis);
  if (!judged.ok) return judged;
  const { terms } = held.signedTerms;
  const destination = warrant.value.destination(terms);
  if (!destination.ok) return destination;

  const { txid, inputs } = parts.codec.readTransaction(request.transaction);
  const deposits = judgeDeposits(parts, request.inputs, inputs, judged.value, vaultScript(key, terms));
  if (!deposits.ok) return deposits;
  const coins = warrant.value.coins?.(inputs, deposits.value);
  if (coins !== undefined) return { ok: false, refusal: coins };
  const fee = judgeOutput(parts, terms, destination.value, request.transaction, deposits.value);
  if (!fee.ok) return fee;
  const otherFee = warrant.value.fee?.(fee.value);
  if (otherFee !== undefined) return { ok: false, refusal: otherFee };

  const outpoints = inputs.map(outpointText);
  const leaving = deposits.value.map(({ outpoint, amountSats: sats }) => ({ outpoint: outpointText(outpoint), sats }));
  const claimed = judgeClaims(parts, held, { txid, outpoints, feeSats: fee.value });
  if (claimed !== undefined) return { ok: false, refusal: claimed };
  return accept({
    keyset: keyset.value,
    tweak: vaultTweakOf(terms),
    spend: {
      txid,
      outpoints,
      feeSats: fee.value,
      hopeless: hopelessSpends(parts, txid, outpoints),
      ...(warrant.value.isOutflow ? { outflow: { coins: leaving, cap: parts.policy.outflowCap } } : {}),
    },
    moved: warrant.value.moved?.(held),
    messages: parts.codec.sighashes(request.transaction, deposits.value),
  });
}

/** The right network, rules and ceremony, and a key that may sign what this is. */
function judgePlace({ genesis, policy, keyring }: AgentParts, request: SigningRequest): Verdict<KeysetRow> {
  if (request.suite !== SUITE || request.environment !== genesis.environment || request.network !== genesis.name) {
    return refuse('policy.signing-network', `the request is for ${request.environment}/${request.network}`);
  }
  if (request.policyVersion !== policy.policyVersion) {
    return refuse(
      'policy.signing-version',
      `the request has policy ${request.policyVersion}, ours is ${policy.policyVersion}`,
    );
  }
  if (!isCeremonyId(request.ceremony) || !request.ceremony.startsWith('signing-')) {
    return refuse('input.request-malformed', 'coins are signed away in a signing ceremony');
  }
  const keyset = isSweep(request)
    ? keyring.require(request.keyset, givesSweeps, 'be swept')
    : keyring.require(request.keyset, givesSignatures, 'sign payouts');
  if (!keyset.ok) return keyset;
  const { epoch } = keyset.value;
  if (request.epoch === epoch) return keyset;
  return refuse(
    'policy.keyset-epoch',
    `the request names epoch ${request.epoch}, keyset ${request.keyset} has ${epoch}`,
  );
}

/** Exactly one of the two: a request with both would be judged by whichever is easier. */
function warrantOf(parts: AgentParts, request: SigningRequest, key: PublicKeyPackage): Verdict<Warrant> {
  const { sweep, releaseRequest } = request;
  if (sweep === undefined) return payoutWarrant(parts, releaseRequest);
  if (releaseRequest.length > 0)
    return refuse('policy.signing-warrant', 'the request carries a release request and a sweep; it may carry one');
  return sweepWarrant(parts, sweep, request.inputs[0]?.vault ?? '', key);
}
