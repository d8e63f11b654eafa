import { expect, test } from '@jest/globals';
import { create, toBinary } from '@bufbuild/protobuf';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../domain/network/network.ts';
import { memory } from '../plugins/network/memory/index.ts';
import { ResponseSchema, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, within } from './asking.ts';

const genesis = { name: 'laptop', environment: 'development' } as NetworkGenesis;
const ids = [1, 2, 3].map(validatorId);
const empty = toBinary(ResponseSchema, create(ResponseSchema, {}));

/** Validator 2 takes the request and never answers; the others answer at once. */
const network = memory({})({
  peer: 'ab'.repeat(32),
  handlers: new Map<ValidatorId, () => Promise<Uint8Array>>(
    ids.map((id) => [id, () => (id === 2 ? new Promise<Uint8Array>(() => undefined) : Promise.resolve(empty))]),
  ),
});

test('a validator that hangs until the deadline is counted as silent and costs nobody else their answer', async () => {
  const question = { case: 'sayStatus', value: { $typeName: 'firebreak.v1.SayStatus' } } as const;
  const heard = await askEach(network, genesis, ids, question, Round.STATUS, within(0.2, 'status'));
  expect(new Map(heard.map((one) => [one.validator, one.ok ? 'ok' : one.code]))).toEqual(
    new Map([
      [1, 'input.envelope-malformed'],
      [3, 'input.envelope-malformed'],
      [2, 'unavailable.validator-silent'],
    ]),
  );
});

test('the signal of a question fires after its deadline, never with it', async () => {
  const { signal, deadlineMs } = within(0.05, 'status');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(Date.now()).toBeGreaterThanOrEqual(deadlineMs);
  expect(signal.aborted).toBe(false);
});
