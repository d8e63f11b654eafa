import { silentObserver } from '../../activities/testkit/observer.ts';
import { fromBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestOf, TAGS } from '../../domain/encoding/digest.ts';
import { validatorId, type ValidatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { Answer } from '../../domain/ports/validator-network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { silentLogger } from '../../telemetry/log.ts';
import { type TestAgent, TestFleet } from '../../validator/custody/testkit/agents.ts';
import { makeKey } from '../../validator/custody/testkit/ceremonies.ts';
import { AnnouncementSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { bindingsWith } from '../../activities/playbook/bindings.ts';
import type { Doing } from '../../activities/playbook/binding.ts';

const SUSPECT = 4;
const HOUR_MS = 3_600_000;
const codec = transactionCodec('regtest');
const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
let nowMs = 0;
let fleet: TestFleet;
let twin: TestAgent | undefined;
let silent: readonly number[] = [];
let stored: unknown;
beforeEach(() => {
  nowMs = 1_790_000_000_000;
  fleet = new TestFleet(5, 3, { codec, keystore, clock: () => nowMs });
  twin = undefined;
  silent = [];
});
afterEach(async () => {
  await twin?.agent.stop();
  await twin?.signer.stop();
  twin?.journal.close();
  await fleet.close();
});

function doing(): Doing {
  const { genesis, network } = fleet;
  const ask = async (validator: ValidatorId, request: Uint8Array): Promise<Answer> =>
    silent.includes(validator)
      ? { validator, ok: false, code: 'unavailable.silent', message: 'a test' }
      : {
          validator,
          ok: true,
          response: await fleet.get(validator).agent.handle(request, network.coordinator.identity),
        };
  const deps = {
    genesis,
    network: { ask },
    blobs: {
      put: async (bytes: Uint8Array): Promise<BlobRef> => {
        stored = JSON.parse(Buffer.from(bytes).toString('utf8'));
        return { digest: digestOf(TAGS.plan, bytes), sizeBytes: bytes.length };
      },
    },
    // Silent validators are asked until the time is over; here it passes by being looked at.
    clock: () => (nowMs += 10),
    logger: silentLogger,
    observer: silentObserver,
  } as unknown as ActivityDependencies;
  const attempt = {
    idempotencyKey: 'a test',
    signal: AbortSignal.timeout(50_000),
    deadlineMs: Number.MAX_SAFE_INTEGER,
    number: 1,
    report: () => undefined,
  };
  return { deps, attempt, untilMs: nowMs + 2_000 } as unknown as Doing;
}

/** A second process of the suspect speaks and is heard by `observers`, between two words of the first. */
function copyIsHeardBy(observers: readonly number[]): void {
  nowMs += 1_000;
  twin ??= fleet.twin(SUSPECT);
  for (const speaker of [fleet.get(SUSPECT), twin, fleet.get(SUSPECT)]) {
    nowMs += 1_000;
    const { liveness } = fromBinary(AnnouncementSchema, speaker.agent.announce());
    if (liveness === undefined) throw new Error('an announcement carries liveness');
    for (const observer of observers) fleet.get(observer).agent.hearStatus(liveness);
  }
}
const look = async (within = HOUR_MS) =>
  bindingsWith().probes['identity.sightings']?.look({ validator: SUSPECT, within }, doing());

test('an identity that nobody saw twice is at one address with one journal', async () => {
  expect(await look()).toEqual({ addresses: 1, journals: 1, forked: false });
});

test('what more validators say than may lie is true; what fewer say is not', async () => {
  copyIsHeardBy([1, 2]);
  expect(await look()).toEqual({ addresses: 1, journals: 1, forked: false });
  copyIsHeardBy([1, 2, 3]);
  expect(await look()).toEqual({ addresses: 2, journals: 1, forked: false });
});

test('a copy that lacks a decision has forked; after the time that is asked about, all is as before', async () => {
  twin = fleet.twin(SUSPECT);
  await makeKey(fleet);
  copyIsHeardBy([1, 2, 3]);
  expect(await look()).toEqual({ addresses: 2, journals: 2, forked: true });
  nowMs += HOUR_MS;
  expect(await look(300_000)).toEqual({ addresses: 1, journals: 1, forked: false });
});

test('too few answers are no answer', async () => {
  copyIsHeardBy([1, 2, 3]);
  silent = [1, 2];
  await expect(look()).rejects.toMatchObject({ code: 'unavailable.sightings' });
});

test('gathered evidence holds what each validator has seen, with its signature', async () => {
  copyIsHeardBy([1, 3]);
  const gather = bindingsWith().actions['evidence.gather'];
  expect(await gather?.perform({ about: SUSPECT, since: HOUR_MS }, doing())).toMatchObject({
    validators: [1, 2, 3, 4, 5].map(validatorId),
  });
  const { sightings } = stored as { readonly sightings: readonly { readonly validator: number }[] };
  expect(new Set(sightings.map(({ validator }) => validator))).toEqual(new Set([1, 3]));
});
