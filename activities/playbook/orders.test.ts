import { silentObserver } from '../testkit/observer.ts';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { seats } from '../../domain/approval/testkit/voting.ts';
import type { MemberSignature } from '../../domain/committee/committee.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import { type Order, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { committeeOf, principal, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import type { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { silentLogger } from '../../telemetry/log.ts';
import { parseSignedOrder } from '../../wire/documents/index.ts';
import { sealEnvelope } from '../../wire/envelope.ts';
import {
  CommitteeStateSchema,
  OrderStateSchema,
  RequestSchema,
  ResponseSchema,
  Round,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Doing } from './binding.ts';
import { handOn } from './orders.ts';

const NOW_MS = 1_800_000_000_000;
const keys = new Map<ValidatorId, { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>(
  [1, 2, 3, 4, 5].map((id) => [validatorId(id), generateKeyPairSync('ed25519')]),
);
/** Three of five sign, so that a freeze counts once three obey it. */
const genesis = {
  name: 'ordering',
  environment: 'development',
  threshold: 3,
  committee: committeeOf(1, seats(10)),
  validators: [...keys].map(([id, { publicKey }]) => ({
    id,
    identity: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex'),
    addresses: [],
  })),
} as unknown as NetworkGenesis;

/** What a validator answers to an order: that it obeys, or with which code it does not. */
type Judge = (validator: number, signed: SignedOrder) => string | undefined;

/** The orders go to validators that stand at none. */
function freezeWith(orders: readonly SignedOrder[], judge: Judge) {
  const sealed = (validator: ValidatorId, round: Round, payload: Uint8Array): Uint8Array => {
    const fields = { suite: '', keyset: '', epoch: 0, ceremony: '', round };
    const key = keys.get(validator)?.privateKey as KeyObject;
    return responded({ case: 'envelope', value: sealEnvelope(genesis, validator, key, fields, payload) });
  };
  const responded = (body: MessageInitShape<typeof ResponseSchema>['body'] & object): Uint8Array =>
    toBinary(ResponseSchema, create(ResponseSchema, { body }));
  const stands = (validator: ValidatorId, number: bigint): Uint8Array =>
    sealed(validator, Round.ORDER_STATE, toBinary(OrderStateSchema, create(OrderStateSchema, { number })));
  const ask: ValidatorNetwork['ask'] = async (validator, request) => {
    const { body } = fromBinary(RequestSchema, request);
    if (body.case === 'sayCommittee') {
      const payload = toBinary(CommitteeStateSchema, create(CommitteeStateSchema, {}));
      return { validator, ok: true, response: sealed(validator, Round.COMMITTEE_STATE, payload) };
    }
    if (body.case !== 'obeyOrder') return { validator, ok: true, response: stands(validator, 0n) };
    const signed = parseSignedOrder(body.value.signedOrder, 'order of a test');
    const code = judge(validator, signed);
    const response =
      code === undefined
        ? stands(validator, BigInt(signed.order.number))
        : responded({ case: 'refusal', value: { code, message: `says ${code}` } });
    return { validator, ok: true, response };
  };
  const deps = {
    genesis,
    network: { ask },
    clock: () => NOW_MS,
    logger: silentLogger,
    observer: silentObserver,
  } as unknown as ActivityDependencies;
  const authority = firstAuthority(genesis);
  const { signal } = new AbortController();
  const attempt = { idempotencyKey: 't', number: 1, signal, deadlineMs: NOW_MS * 2, report: () => undefined };
  const untilMs = NOW_MS + 60_000;
  const doing = { deps, attempt, authority, committees: [authority], orders, untilMs, witness: () => undefined };
  return handOn({ kind: 'freeze' }, doing as unknown as Doing);
}

const order: Order = {
  version: 1,
  kind: 'freeze',
  environment: genesis.environment,
  network: genesis.name,
  committeeEpoch: 1,
  number: 7,
  scope: 'payouts',
  reason: 'of a test',
  expiresAtSeconds: NOW_MS / 1_000 + 3_600,
};
const signedBy = (count: number, more: readonly MemberSignature[] = []): SignedOrder => ({
  order,
  signatures: [...signaturesBy(seats(count).map(principal), orderDigest(order)), ...more],
});
const RENEWALS = 'policy.order-renewals';

test('signatures of nobody put no copy of an order before the one that more members have signed, and go to no validator', async () => {
  const ofNobody = Array.from({ length: 20 }, () => ({ member: 'ab'.repeat(32), signature: 'cd'.repeat(64) }));
  const given: number[] = [];
  const judge: Judge = (_validator, { signatures }) => {
    given.push(signatures.length);
    return signatures.length < 7 ? RENEWALS : undefined;
  };
  expect(await freezeWith([signedBy(3, ofNobody), signedBy(7)], judge)).toMatchObject({ by: 'order 7' });
  expect(given).toEqual([7, 7, 7, 7, 7]);
  given.length = 0;
  expect(await freezeWith([signedBy(3, ofNobody)], judge)).toEqual({ needs: 'freeze', above: 6 });
  expect(given).toEqual([3, 3, 3, 3, 3]);
});

test('a freeze is asked for again where enough would obey it with more signatures; else the reason that most gave is told', async () => {
  const refusing = (codes: Readonly<Record<number, string>>) =>
    freezeWith([signedBy(3)], (validator) => codes[validator]).catch(({ code, message }: FirebreakFailure) => [
      code,
      message,
    ]);
  const EPOCH = 'policy.order-epoch';
  const again = { needs: 'freeze', above: 6 };
  expect(await refusing({ 1: RENEWALS, 2: RENEWALS, 3: RENEWALS })).toEqual(again);
  expect(await refusing({ 1: EPOCH, 2: RENEWALS, 3: EPOCH })).toEqual(again);
  const refused = [EPOCH, `3 validators refuse order 7: says ${EPOCH}`];
  expect(await refusing({ 1: RENEWALS, 2: EPOCH, 3: EPOCH, 4: EPOCH })).toEqual(refused);
  const mixed = { 1: 'policy.order-term', 2: RENEWALS, 3: EPOCH, 4: EPOCH, 5: EPOCH };
  expect(await refusing(mixed)).toEqual(refused);
  expect(await refusing({ 1: EPOCH, 2: RENEWALS })).toMatchObject({ by: 'order 7' });
});
