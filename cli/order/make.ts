import type { Order, OrderKind, SignedOrder } from '../../domain/committee/order.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { presentGenesis } from '../authority.ts';
import { readDuration, readWholeNumber } from '../duration.ts';
import { writeDocument } from '../files.ts';
import type { Outcome } from '../outcome.ts';
import type { Connect } from '../connecting.ts';
import { laterCommittee } from '../committee/later.ts';
import { lastNumber } from './number.ts';
import { describeOrder, orderData } from './words.ts';

export type MakeOrderOptions = {
  readonly data: string;
  readonly network?: string;
  readonly chain?: string;
  readonly reason: string;
  /** How long the freeze lasts, or how long a lift may be presented. */
  readonly for: string;
  readonly number?: string;
  /** `height:hash` of a block of the chain in which payouts go on. */
  readonly block?: string;
  readonly out?: string;
};

/** Writes an unsigned order; nothing happens in the network. */
export async function makeOrder(
  kind: string,
  options: MakeOrderOptions,
  connect: Connect,
  nowSeconds: number = Math.floor(Date.now() / 1000),
): Promise<Outcome> {
  const genesis = presentGenesis(options);
  const order: Order = {
    version: 1,
    kind: readKind(kind),
    environment: genesis.environment,
    network: genesis.name,
    committeeEpoch: genesis.committee.epoch,
    number: 0,
    scope: 'payouts',
    reason: readReason(options.reason),
    expiresAtSeconds: nowSeconds + readDuration(options.for, '--for'),
    ...(options.block === undefined ? {} : { block: readBlock(kind, options.block) }),
  };
  const number =
    options.number === undefined
      ? (await lastNumber(options, connect)) + 1
      : readWholeNumber(options.number, '--number', 1, Number.MAX_SAFE_INTEGER - 1);
  // Whoever gives the number has asked no validator whose committee it is.
  const warning = options.number === undefined ? undefined : await laterCommittee(options, order.committeeEpoch);
  const signed: SignedOrder = { order: { ...order, number }, signatures: [] };
  const file = options.out ?? `order-${number}-${order.kind}.json`;
  writeDocument(file, 'order', signed);
  return {
    data: { file, ...orderData(signed, genesis), ...(warning === undefined ? {} : { warning }) },
    lines: [
      ...describeOrder(signed, genesis),
      ...(warning === undefined ? [] : [`  WARNING ${warning}`]),
      `written to ${file}`,
    ],
    next: `order sign ${file} --key <member key file>`,
  };
}

function readKind(text: string): OrderKind {
  if (text === 'freeze' || text === 'lift') return text;
  throw new FirebreakFailure('input.usage', `an order is "freeze" or "lift", not "${text}"`);
}

function readBlock(kind: string, text: string): NonNullable<Order['block']> {
  if (kind !== 'lift') throw new FirebreakFailure('input.usage', 'only a lift names a --block');
  const [, height = '', hash = ''] = /^(\d{1,9}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === '')
    throw new FirebreakFailure('input.usage', '--block is <height>:<hash>, as your Bitcoin node says it');
  return { hash, height: Number(height) };
}

function readReason(text: string): string {
  const reason = text.trim();
  if (reason.length === 0 || reason.length > 500)
    throw new FirebreakFailure('input.usage', '--reason must have 1 to 500 characters');
  return reason;
}
