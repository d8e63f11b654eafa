import { quorumOf, seatOf } from '../../domain/committee/committee.ts';
import {
  countSignatures,
  FROZEN_UNTIL_LIFTED_SECONDS,
  type Order,
  orderDigest,
  type SignedOrder,
} from '../../domain/committee/order.ts';
import { FREEZE_RENEWALS_MAX, isOfChangeQuorum } from '../../domain/committee/renewals.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { utc } from '../duration.ts';

/** What an order does, in the words that a member reads before signing. Computed here from the bytes that are signed. */
export function actionOf(order: Order): string {
  return order.kind === 'freeze'
    ? `FREEZE: every validator stops signing payouts until ${utc(order.expiresAtSeconds)}`
    : `LIFT: validators sign payouts again${inChain(order)} (may be presented until ${utc(order.expiresAtSeconds)})`;
}

const inChain = ({ block }: Order): string =>
  block === undefined
    ? ''
    : `, and follow the chain with block ${block.hash} at height ${block.height}, however deep it leaves theirs`;

/** Until when payouts stand still, or what they wait for. */
export const endOfFreeze = (frozenUntilSeconds: number): string =>
  frozenUntilSeconds === FROZEN_UNTIL_LIFTED_SECONDS
    ? 'until a lift names a block of the chain'
    : `until ${utc(frozenUntilSeconds)}`;

export function describeOrder(signed: SignedOrder, genesis: NetworkGenesis): readonly string[] {
  const { order } = signed;
  return [
    actionOf(order),
    `  network    ${order.network} (${order.environment})`,
    `  number     ${order.number}, committee epoch ${order.committeeEpoch}`,
    `  reason     ${order.reason}`,
    `  digest     ${orderDigest(order)}`,
    `  signed by  ${signers(signed, genesis).join(', ') || 'nobody yet'} (${countSignatures(signed, genesis.committee)} of ${quorumOf(genesis.committee, order.kind)} needed)`,
    ...(order.kind === 'freeze' ? [`  renewals   ${wordedRenewals(signed, genesis)}`] : []),
  ];
}

/** Validators count, each in its journal: a file cannot say the how manieth it is, but whether it is counted. */
function wordedRenewals(signed: SignedOrder, { committee }: NetworkGenesis): string {
  const change = quorumOf(committee, 'change');
  return isOfChangeQuorum(signed, committee)
    ? `not counted: ${change} have signed, and the count starts anew`
    : `counted until ${change} have signed: ${FREEZE_RENEWALS_MAX} in a row, while payouts are frozen or within a day after`;
}

/** Names of the members whose signature is valid; others are shown as what they are. */
export function signers(signed: SignedOrder, genesis: NetworkGenesis): readonly string[] {
  return signed.signatures.map((one) => {
    const member = seatOf(genesis.committee, one.member)?.key;
    if (member === undefined) return `stranger ${one.member.slice(0, 8)}`;
    return countSignatures({ order: signed.order, signatures: [one] }, genesis.committee) === 1
      ? member.name
      : `${member.name} (INVALID)`;
  });
}

export const orderData = (signed: SignedOrder, genesis: NetworkGenesis) => ({
  order: signed.order,
  digest: orderDigest(signed.order),
  signedBy: signers(signed, genesis),
  have: countSignatures(signed, genesis.committee),
  need: quorumOf(genesis.committee, signed.order.kind),
});
