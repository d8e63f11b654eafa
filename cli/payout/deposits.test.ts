import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type NetworkGenesis, validatorId } from '../../domain/network/network.ts';
import type { VaultId } from '../../domain/vault/terms.ts';
import type { OpenedEnvelope } from '../../wire/envelope.ts';
import { DepositsSeenSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { Heard } from '../asking.ts';
import { agree } from './deposits.ts';

const genesis = { threshold: 2 } as NetworkGenesis;
const vault = 'ab'.repeat(32) as VaultId;

/** A statement that lists the same output, unspent unless `state` says so, `times` times. */
function sees(
  validator: number,
  txid: string,
  times = 1,
  state: { spentBy?: string; confirmations?: number } = {},
): Heard {
  const output = { prevout: { txid, vout: 0, amountSats: 1_000n }, confirmations: 6, ...state };
  const payload = toBinary(
    DepositsSeenSchema,
    create(DepositsSeenSchema, { vault, outputs: Array.from({ length: times }, () => output) }),
  );
  return { validator: validatorId(validator), ok: true, opened: { payload } as OpenedEnvelope };
}

const seenBy = (heard: readonly Heard[]) => agree(genesis, heard, vault, 6).map(({ outpoint }) => outpoint.txid);
const real = 'cd'.repeat(32);
const invented = 'ef'.repeat(32);

test('a deposit counts when a quorum of validators sees it', () => {
  expect(seenBy([sees(1, real), sees(2, real), sees(3, invented)])).toEqual([real]);
});

test('a validator that lists an output many times is still one validator', () => {
  expect(seenBy([sees(1, real), sees(2, real), sees(3, invented, 50)])).toEqual([real]);
});

const payout = '12'.repeat(32);
const refusalOf = (heard: readonly Heard[]) => expect(() => seenBy(heard));

test('a vault of which a quorum sees only spent deposits was paid out, by that transaction', () => {
  const spent = [1, 2, 3].map((validator) => sees(validator, real, 1, { spentBy: payout }));
  refusalOf(spent).toThrow(expect.objectContaining({ code: 'conflict.deposit-spent', details: { txid: payout } }));
  refusalOf(spent).toThrow(/was paid out.*Nothing is to do/);
});

test('one validator alone that says so, many times, does not make a vault paid out', () => {
  refusalOf([sees(1, real, 9, { spentBy: payout }), sees(2, real, 0)]).toThrow(
    expect.objectContaining({ code: 'input.no-deposit', message: expect.stringContaining('firebreak vault show') }),
  );
});

test('a deposit that is not deep enough is waited for, also after an earlier payout', () => {
  const young = [1, 2].map((validator) => sees(validator, real, 1, { confirmations: 2 }));
  const both = [...young, sees(3, invented, 1, { spentBy: payout }), sees(4, invented, 1, { spentBy: payout })];
  refusalOf(both).toThrow(
    expect.objectContaining({ code: 'input.no-deposit', message: expect.stringContaining(real) }),
  );
});

test('nothing seen at all says how to pay into the vault', () => {
  refusalOf([sees(1, real, 0), sees(2, real, 0)]).toThrow(/firebreak devnet fund/);
});
