import type { SigningSessionEvidence } from '../../domain/ceremony/evidence.ts';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { require } from './checks.ts';

/**
 * Why a session went without a signer is told by the coordinator alone: silence signs nothing, and a refusal is no statement either.
 * What can be held against what is signed is held against it here; what remains is returned in words, as a claim and not as a proof.
 *
 * @param signers whoever committed to the session, by signed statements
 * @param signed those of them whose partial signatures are there
 * @param last the session whose sum is the signature; every other one was given up and must say whose signature it lacked
 */
export function claimsOf(
  { ceremony, without }: Pick<SigningSessionEvidence, 'ceremony' | 'without'>,
  signers: ReadonlySet<ValidatorId>,
  signed: ReadonlySet<ValidatorId>,
  last: boolean,
): readonly string[] {
  const told = new Map(without.map(({ validator, code }) => [validator as ValidatorId, code]));
  require(told.size === without.length, 'it names a validator twice as one that did not sign');
  for (const validator of told.keys()) {
    require(signers.has(validator), `it says that ${validatorName(validator)} did not sign, who is no signer of it`);
    require(!signed.has(validator), `it says that ${validatorName(validator)} did not sign, whose signature is there`);
  }
  const missing = [...signers].filter((validator) => !signed.has(validator) && !told.has(validator));
  require(last || missing.length === 0, `it does not say why ${missing.map(validatorName).join(', ')} did not sign`);
  return [...told].map(
    ([validator, code]) => `session ${ceremony}: ${validatorName(validator)} gave no partial signature (${code})`,
  );
}
