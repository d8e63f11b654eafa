import { toHex } from '../../../domain/encoding/hex.ts';
import { accept, refuse, type Refusal, type Verdict } from '../../../domain/errors/failure.ts';
import type { WatchedOutput } from '../../../domain/ports/chain.ts';
import { type Outpoint, outpointText } from '../../../domain/vault/terms.ts';
import type { SigningInput } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentParts } from '../parts.ts';
import { judgeDeposit } from './rules.ts';

/** What the request says about each input, against the transaction and against the own chain view: deposits of one vault, and no others. */
export function judgeDeposits(
  parts: AgentParts,
  claimed: readonly SigningInput[],
  inputs: readonly Outpoint[],
  vault: string,
  script: string,
): Verdict<readonly WatchedOutput[]> {
  if (claimed.length !== inputs.length) {
    return refuse(
      'policy.signing-inputs',
      `the request has ${claimed.length} inputs, its transaction ${inputs.length}`,
    );
  }
  const deposits: WatchedOutput[] = [];
  for (const [at, outpoint] of inputs.entries()) {
    const claim = claimed[at];
    if (claim?.index !== at || claim.vault !== vault || !isSameOutpoint(claim, outpoint)) {
      return refuse('policy.signing-inputs', `input ${at} of the request is not input ${at} of its transaction`);
    }
    const deposit = judgeDeposit(parts, outpoint, script);
    if (!deposit.ok) return deposit;
    const differs = differenceFrom(claim, deposit.value);
    if (differs !== undefined) return { ok: false, refusal: differs };
    deposits.push(deposit.value);
  }
  return accept(deposits);
}

const isSameOutpoint = ({ prevout }: SigningInput, { txid, vout }: Outpoint): boolean =>
  prevout?.txid === txid && prevout.vout === vout;

function differenceFrom({ prevout }: SigningInput, seen: WatchedOutput): Refusal | undefined {
  const name = outpointText(seen.outpoint);
  if (prevout?.amountSats !== BigInt(seen.amountSats)) {
    return {
      code: 'policy.prevout',
      message: `output ${name} has ${seen.amountSats} sats in the chain of this validator`,
    };
  }
  if (toHex(prevout.script) === seen.script) return undefined;
  return { code: 'policy.prevout', message: `output ${name} has another script in the chain of this validator` };
}
