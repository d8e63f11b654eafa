import { silentObserver } from './testkit/observer.ts';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { memory } from '../plugins/blob/memory/index.ts';
import { sealEnvelope } from '../wire/envelope.ts';
import { ResponseSchema, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import type { ActivityDependencies } from './dependencies.ts';
import type { Gathering } from './gathering.ts';
import { createKeygenActivities } from './keygen.ts';
import { firstAttempt, HOSTILE, networkNamed, privateKey } from './testkit/hostile.ts';

const genesis = networkNamed('padding');
const about = { suite: 'a suite', keyset: 'a keyset', epoch: 1, ceremony: 'a ceremony' };
const now = firstAttempt;

/** How a first message of so many bytes of nothing is heard: field 15, which nobody knows, and no point in it. */
async function heardOf(bytes: number): Promise<Gathering> {
  const blobs = memory({})({});
  const length = [(bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14];
  const payload = Buffer.concat([Uint8Array.of(0x7a, ...length), new Uint8Array(bytes)]);
  const value = sealEnvelope(genesis, HOSTILE, privateKey, { ...about, round: Round.KEYGEN_COMMITMENTS }, payload);
  const response = toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'envelope', value } }));
  const deps = {
    genesis,
    blobs,
    clock: Date.now,
    suite: { id: about.suite },
    network: { ask: async () => ({ validator: HOSTILE, ok: true, response }) },
    logger: { error: () => undefined },
    observer: silentObserver,
  } as unknown as ActivityDependencies;
  const key = { ...about, parameters: await blobs.put(new Uint8Array(1), now), validators: [HOSTILE], others: [] };
  const input = { key, round: 'commitments', seconds: 5 };
  const { askKeygenRound } = createKeygenActivities(deps);
  return (await new MockActivityEnvironment({ attempt: 1 }).run(askKeygenRound as never, input)) as Gathering;
}

test('a first message that is no message is refused, and kept against its author', async () => {
  const { refused, against } = await heardOf(100);
  expect(refused.map(({ code }) => code)).toEqual(['signer-fault.keygen-commitments']);
  expect(against).toBeDefined();
});

test('one that is too heavy to stand in a proof is refused for that, and kept nowhere', async () => {
  const { have, refused, against } = await heardOf(60_000);
  expect(have).toEqual([]);
  expect(refused).toEqual([{ validator: HOSTILE, code: 'input.response', message: 'signed 60004 bytes' }]);
  expect(against).toBeUndefined();
});
