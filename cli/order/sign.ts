import { quorumOf } from '../../domain/committee/committee.ts';
import { countSignatures, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { confirm } from '../ask.ts';
import { readOrder } from '../documents.ts';
import { writeDocument } from '../files.ts';
import { readMemberKey, seatOfKey, signedBefore } from '../member-key.ts';
import { presentGenesis } from '../authority.ts';
import { laterCommittee } from '../committee/later.ts';
import type { Outcome } from '../outcome.ts';
import { paint, type Screen } from '../screen.ts';
import { actionOf, describeOrder, orderData } from './words.ts';

export type SignOrderOptions = {
  readonly data: string;
  readonly network?: string;
  readonly chain?: string;
  readonly key: string;
  readonly yes?: boolean;
  readonly json?: boolean;
};

/** Adds one member's signature to the file, after showing what it does and the digest computed on this machine. */
export async function signOrder(screen: Screen, file: string, options: SignOrderOptions): Promise<Outcome> {
  const genesis = presentGenesis(options);
  const before = readOrder(file);
  const { order } = before;
  if (order.environment !== genesis.environment || order.network !== genesis.name) {
    throw new FirebreakFailure(
      'policy.order-environment',
      `${file} is for ${order.environment}/${order.network}, the pinned network is ${genesis.environment}/${genesis.name}`,
    );
  }
  if (order.committeeEpoch !== genesis.committee.epoch) {
    throw new FirebreakFailure(
      'policy.order-epoch',
      `${file} names committee epoch ${order.committeeEpoch}, the present one is ${genesis.committee.epoch}`,
    );
  }
  const warning = await laterCommittee(options, order.committeeEpoch);
  using member = await readMemberKey(options.key);
  const { name } = seatOfKey(member, genesis.committee, options.key).key;
  const digest = orderDigest(order);
  if (!options.json) {
    screen.out(`${paint(screen, 'strong', actionOf(order))}\n`);
    screen.out(`  reason  ${order.reason}\n  number  ${order.number}\n  digest  ${digest} (computed here)\n`);
    if (warning !== undefined) screen.out(`  ${paint(screen, 'bad', 'WARNING')} ${warning}\n`);
  }
  await confirm(screen, { text: `Sign as ${name}?`, flag: '--yes', given: options.yes === true });
  const signed: SignedOrder = {
    order,
    signatures: [
      ...before.signatures.filter((one) => one.member !== member.voter),
      { member: member.voter, signature: member.sign(digest) },
    ],
  };
  writeDocument(file, 'order', signed, true);
  const enough = countSignatures(signed, genesis.committee) >= quorumOf(genesis.committee, order.kind);
  return {
    data: { file, member: name, ...orderData(signed, genesis), ...(warning === undefined ? {} : { warning }) },
    lines: [...signedBefore(before.signatures, member, name), ...describeOrder(signed, genesis)],
    next: enough ? `order send ${file}` : `order sign ${file} --key <another member's key file>`,
  };
}
