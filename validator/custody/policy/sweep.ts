import { judgeSweepVotes } from '../../../domain/approval/sweep.ts';
import type { KeyCertificate, KeyState, PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import { certificateDigest } from '../../../domain/ceremony/digests.ts';
import { accept, type Refusal, refuse, type Verdict } from '../../../domain/errors/failure.ts';
import { bySweepOrder } from '../../../domain/vault/sweep.ts';
import type { Outpoint, Terms } from '../../../domain/vault/terms.ts';
import { verifyCertificate } from '../../../threshold/verify/certificate.ts';
import { vaultScript } from '../../../threshold/verify/vault-script.ts';
import { parseKeyCertificate, parseProof } from '../../../wire/documents/index.ts';
import type { Sweep } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentParts } from '../parts.ts';
import type { Destination } from './rules.ts';
import type { Warrant } from './warrant.ts';

/**
 * Coins go to a key that this validator has seen sign, not to one that is merely certified: a wrong share would show up too late. A key
 * that was succeeded meanwhile still signs, and the votes are for it: whoever makes a later key must not thereby stop a sweep.
 */
const RECEIVES: ReadonlySet<KeyState> = new Set(['tested', 'active', 'draining']);

/**
 * A sweep goes to the address of the same terms under the certified successor of the key, because the committee voted for that step of
 * that run. Nobody's release key is asked, and nothing of the request chooses the place: script and vault are derived here (ADR 0015).
 */
export function sweepWarrant(parts: AgentParts, sweep: Sweep, vault: string, key: PublicKeyPackage): Verdict<Warrant> {
  const certificate = parseKeyCertificate(sweep.successor, 'successor of the sweep');
  const proof = parseProof(sweep.proof, 'proof of the sweep');
  const verified = verifyCertificate(certificate, parts.genesis);
  if (!verified.ok) return verified;
  const nowSeconds = Math.floor(parts.clock() / 1_000);
  const { step } = sweep;
  const asked = { proof, step, fromEpoch: key.epoch, successor: certificate };
  const votes = judgeSweepVotes(asked, parts.authority(), nowSeconds);
  if (!votes.ok) return votes;
  const successor = judgeSuccessor(parts, certificate, key);
  if (!successor.ok) return successor;
  const scriptOf = (terms: Terms): string => vaultScript(successor.value, terms);
  const { keyset } = successor.value;
  return accept({
    vault,
    isOutflow: false,
    coins: judgeOrder,
    // Who knows nothing of the successor can neither say nor sign anything under it.
    ...(parts.keyring.get(keyset) === undefined
      ? {}
      : { moved: (held) => ({ ...held, keyset, script: scriptOf(held.signedTerms.terms) }) }),
    destination(terms: Terms): Verdict<Destination> {
      const message = 'the sweep does not go to the same vault under the successor of its key';
      return accept({
        script: scriptOf(terms),
        otherwise: { code: 'policy.sweep-script', message },
      });
    },
  });
}

/** Nobody signed an order of the inputs, so there is only one: else each order were another transaction with locks of its own. */
function judgeOrder(inputs: readonly Outpoint[]): Refusal | undefined {
  const isInOrder = inputs.every((input, at) => {
    const before = inputs[at - 1];
    return before === undefined || bySweepOrder(before, input) < 0;
  });
  if (isInOrder) return undefined;
  return {
    code: 'policy.payout-form',
    message: 'the inputs of the sweep are not in order, by txid and then by output',
  };
}

/** A later key, the very same as ours and tested. Whoever takes no part in it and never heard of it has its certificate to go by. */
function judgeSuccessor(
  { self, keyring }: AgentParts,
  { package: next }: KeyCertificate,
  key: PublicKeyPackage,
): Verdict<PublicKeyPackage> {
  if (next.epoch <= key.epoch)
    return refuse('policy.sweep-successor', `key epoch ${next.epoch} does not come after epoch ${key.epoch}`);
  const row = keyring.get(next.keyset);
  if (row === undefined && !next.participants.includes(self)) return accept(next);
  if (row === undefined || row.state === 'proposed' || row.state === 'certified')
    return refuse(
      'not-yet.sweep-successor',
      `keyset ${next.keyset} is ${row?.state ?? 'unknown'} here, and not tested`,
    );
  if (!RECEIVES.has(row.state))
    return refuse('policy.sweep-successor', `keyset ${next.keyset} is ${row.state} here and takes no coins`);
  if (certificateDigest(row.package) !== certificateDigest(next))
    return refuse('policy.certificate-package', `the successor is another package of keyset ${next.keyset} than ours`);
  return accept(row.package);
}
