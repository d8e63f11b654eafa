import { quorumOf, seatOf } from '../../domain/committee/committee.ts';
import { countSignatures, type Order, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { utc } from '../duration.ts';

/** What an order does, in the words that a member reads before signing. Computed here from the bytes that are signed. */
export function actionOf(order: Order): string {
  return order.kind === 'freeze'
    ? `FREEZE: every validator stops signing payouts until ${utc(order.expiresAtSeconds)}`
    : `LIFT: validators sign payouts again (may be presented until ${utc(order.expiresAtSeconds)})`;
}

export function describeOrder(signed: SignedOrder, genesis: NetworkGenesis): readonly string[] {
  const { order } = signed;
  return [
    actionOf(order),
    `  network    ${order.network} (${order.environment})`,
    `  number     ${order.number}, committee epoch ${order.committeeEpoch}`,
    `  reason     ${order.reason}`,
    `  digest     ${orderDigest(order)}`,
    `  signed by  ${signers(signed, genesis).join(', ') || 'nobody yet'} (${countSignatures(signed, genesis.committee)} of ${quorumOf(genesis.committee, order.kind)} needed)`,
  ];
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
