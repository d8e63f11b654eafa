import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type NetworkGenesis, validatorId } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import type { Terms } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import type { OpenedEnvelope } from '../../wire/envelope.ts';
import { FeeSeenSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { Heard } from '../asking.ts';
import { feesOf, middle } from './fee.ts';

const genesis = { threshold: 3 } as NetworkGenesis;
const says = (validator: number, fee: MessageInitShape<typeof FeeSeenSchema>): Heard => ({
  validator: validatorId(validator),
  ok: true,
  opened: { payload: toBinary(FeeSeenSchema, create(FeeSeenSchema, fee)) } as OpenedEnvelope,
});
const rate = (validator: number, sats: number) => says(validator, { satsPerKvb: BigInt(sats) });
const none = (validator: number) => says(validator, { floorSatsPerKvb: 1_000n, reason: 'a new node' });
const silent = (validator: number): Heard => ({
  validator: validatorId(validator),
  ok: false,
  code: 'unavailable.silent',
  message: 'did not answer',
});

test('one validator that exaggerates, up or down, does not move the fee out of what the others say', () => {
  expect(middle(genesis, [rate(1, 4_000), rate(2, 5_000), rate(3, 9_000_000)])).toMatchObject({ satsPerKvb: 5_000 });
  expect(middle(genesis, [rate(1, 1), rate(2, 5_000), rate(3, 6_000)])).toMatchObject({ satsPerKvb: 5_000 });
});

test('too few estimates are no estimate, and the answer says why', () => {
  expect(middle(genesis, [rate(1, 4_000), rate(2, 5_000), none(3), none(4)])).toEqual({
    kind: 'no-estimate',
    floorSatsPerKvb: 1_000,
    reason: '2 validators have no estimate (a new node)',
  });
});

test('one validator without an estimate does not raise the floor by itself', () => {
  const liar = says(3, { floorSatsPerKvb: 9_000_000n, reason: 'trust me' });
  const heard = [rate(1, 4_000), rate(2, 5_000), liar];
  expect(middle(genesis, [...heard.slice(0, 2), none(4), liar])).toMatchObject({ floorSatsPerKvb: 1_000 });
  expect(middle(genesis, heard)).toMatchObject({ kind: 'no-estimate', floorSatsPerKvb: 1_000 });
});

test('too few answers are a failure, not a fee', () => {
  expect(() => middle(genesis, [rate(1, 4_000), rate(2, 4_000), silent(3)])).toThrow(/2 of the 3 validators/);
});

const regtest = { threshold: 3, bitcoinNetwork: 'regtest' } as NetworkGenesis;
const terms = { payoutScript: `5120${'ab'.repeat(32)}`, maximumFeeSats: 5_000 } as Terms;
/** Nobody is asked for a fee that was typed. */
const nobody = {} as ValidatorNetwork;
const least = transactionCodec('regtest').payoutVsize(1, terms.payoutScript);
const fees = (fee: string, highestFee?: string, amountSats = 100_000) =>
  feesOf({ fee, highestFee }, regtest, nobody, terms, { count: 1, amountSats });
const typedFee = async (typed: string) => (await fees(typed, typed)).feeSats;

test('a typed fee is taken from the least that is relayed to the maximum of the terms', async () => {
  expect(await typedFee(String(least))).toBe(least);
  expect(await typedFee('5000')).toBe(5_000);
});

test.each([String(least - 1), '50', '5001'])(
  'a typed fee of %s is refused with both limits, before anything is signed',
  async (typed) => {
    await expect(typedFee(typed)).rejects.toMatchObject({
      code: 'input.usage',
      message: expect.stringMatching(
        new RegExp(`from ${least} sat, .*to 5000 sat, the maximum in the terms of this vault`),
      ),
    });
  },
);

test('terms that allow less than what is relayed allow no payout of so many deposits', async () => {
  const many = { count: 100, amountSats: 100_000 };
  await expect(feesOf({ fee: '5000' }, regtest, nobody, terms, many)).rejects.toMatchObject({
    code: 'policy.fee-over-cap',
  });
});

test('a stuck payout may become eight times as dear, within the terms, unless something else was typed', async () => {
  expect(await fees('200')).toEqual({ feeSats: 200, higherFeesSats: [400, 800, 1_600] });
  expect(await fees('1000')).toEqual({ feeSats: 1_000, higherFeesSats: [2_000, 4_000, 5_000] });
  expect(await fees('200', '600')).toEqual({ feeSats: 200, higherFeesSats: [400, 600] });
  expect(await fees('200', '200')).toEqual({ feeSats: 200 });
  expect(await fees('5000')).toEqual({ feeSats: 5_000 });
});

test('no fee is proposed that would leave dust', async () => {
  expect(await fees('200', undefined, 1_000)).toEqual({ feeSats: 200, higherFeesSats: [400, 670] });
  await expect(fees('200', '671', 1_000)).rejects.toMatchObject({ code: 'input.usage' });
});

test.each(['199', '5001'])('a highest fee of %s is refused with both limits', async (highest) => {
  await expect(fees('200', highest)).rejects.toMatchObject({
    code: 'input.usage',
    message: expect.stringMatching(/--highest-fee .*from 200 sat, the first fee, to 5000 sat/),
  });
});
