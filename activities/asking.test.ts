import { expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../domain/network/network.ts';
import type { Answer, ValidatorNetwork } from '../domain/ports/validator-network.ts';
import { sealEnvelope } from '../wire/envelope.ts';
import { ResponseSchema, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import { type Asked, gather } from './asking.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { sayings } from './gathering.ts';

const ids = [1, 2, 3].map(validatorId);
const keys = new Map(ids.map((id) => [id, generateKeyPairSync('ed25519')]));
const genesis = {
  name: 'asking',
  environment: 'development',
  validators: ids.map((id) => {
    const { x } = keys.get(id)?.publicKey.export({ format: 'jwk' }) ?? {};
    return { id, identity: Buffer.from(x ?? '', 'base64url').toString('hex'), addresses: [] };
  }),
} as unknown as NetworkGenesis;

const fields = { suite: 's', keyset: 'k', epoch: 1, ceremony: 'c', round: Round.STATUS };
const says = (
  signer: ValidatorId,
  from: ValidatorId = signer,
  change: Partial<typeof fields> = {},
  payload = new Uint8Array(0),
): Uint8Array => {
  const key = keys.get(signer)?.privateKey;
  if (key === undefined) throw new Error('no such validator');
  const value = sealEnvelope(genesis, from, key, { ...fields, ...change }, payload);
  return toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'envelope', value } }));
};
const refuses = (code: string, detailsJson = ''): Uint8Array =>
  toBinary(
    ResponseSchema,
    create(ResponseSchema, { body: { case: 'refusal', value: { code, message: 'no', detailsJson } } }),
  );

type Script = Record<number, (times: number) => Uint8Array | 'silent'>;

/** Each validator answers by its script; silence lasts until the caller gives up. */
function scripted(script: Script): ActivityDependencies {
  const times = new Map<number, number>();
  const ask: ValidatorNetwork['ask'] = async (validator, _request, context) => {
    const n = (times.get(validator) ?? 0) + 1;
    times.set(validator, n);
    const response = script[validator]?.(n) ?? 'silent';
    if (response !== 'silent') return { validator, ok: true, response };
    return new Promise<Answer>((resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason as Error), { once: true });
      const left = Math.max(0, context.deadlineMs - Date.now());
      setTimeout(
        () => resolve({ validator, ok: false, code: 'unavailable.validator-silent', message: 'silent' }),
        left,
      ).unref();
    });
  };
  const observer = { attemptEnded: () => undefined, takenOver: () => undefined, validatorAnswered: () => undefined };
  return { genesis, clock: Date.now, network: { ask }, observer } as unknown as ActivityDependencies;
}

const attempt = (signal = new AbortController().signal): Attempt => ({
  idempotencyKey: 'test',
  number: 1,
  signal,
  deadlineMs: Date.now() + 60_000,
  report: () => undefined,
});
const asked = (change: Partial<Asked> = {}): Asked => ({
  requests: new Map(ids.map((id) => [id, new Uint8Array(1)])),
  enough: 3,
  expected: { round: Round.STATUS, ceremony: 'c' },
  untilMs: Date.now() + 60_000,
  ...change,
});

test('it resolves as soon as enough answered, and a silent one holds nobody up', async () => {
  const heard = await gather(
    scripted({ 1: () => says(ids[0] ?? validatorId(1)), 2: () => says(validatorId(2)) }),
    attempt(),
    asked({ enough: 2 }),
  );
  expect([...heard.accepted.keys()].sort((a, b) => a - b)).toEqual([1, 2]);
  expect([...heard.silent.keys()]).toEqual([3]);
});

test('those who are not needed are not asked while the first ones answer', async () => {
  const askedOnes: number[] = [];
  const answering = (id: number) => () => {
    askedOnes.push(id);
    return says(validatorId(id));
  };
  const script: Script = { 1: answering(1), 2: answering(2), 3: answering(3) };
  const heard = await gather(scripted(script), attempt(), asked({ enough: 2, spareAfterMs: 60_000 }));
  expect([...heard.accepted.keys()]).toEqual([1, 2]);
  expect(askedOnes).toEqual([1, 2]);
  expect(heard.silent.size).toBe(0);
});

test('a spare one joins at once when one of the first says no, and after a while when one says nothing', async () => {
  const says3: Script = { 1: () => says(validatorId(1)), 3: () => says(validatorId(3)) };
  const no = { ...says3, 2: () => refuses('policy.frozen') };
  const afterNo = await gather(scripted(no), attempt(), asked({ enough: 2, spareAfterMs: 60_000 }));
  expect([...afterNo.accepted.keys()]).toEqual([1, 3]);
  const afterSilence = await gather(scripted(says3), attempt(), asked({ enough: 2, spareAfterMs: 20 }));
  expect([...afterSilence.accepted.keys()]).toEqual([1, 3]);
});

test('it lingers for the last ones when half have answered, and for nobody before that', async () => {
  const two: Script = { 1: () => says(validatorId(1)), 2: () => says(validatorId(2)) };
  // Without the limit it would wait for the third until a minute is over, which is longer than a test may take.
  const late = await gather(scripted(two), attempt(), asked({ lingerMsMin: 20 }));
  expect([...late.accepted.keys()].sort((a, b) => a - b)).toEqual([1, 2]);
  expect([...late.silent.keys()]).toEqual([3]);
  const one: Script = { 1: () => says(validatorId(1)) };
  const untilMs = Date.now() + 400;
  await gather(scripted(one), attempt(), asked({ lingerMsMin: 20, untilMs }));
  expect(Date.now()).toBeGreaterThanOrEqual(untilMs);
});

test('where a number is needed, it lingers when so many have answered and for nobody before that', async () => {
  const two: Script = { 1: () => says(validatorId(1)), 2: () => says(validatorId(2)) };
  const enough = await gather(scripted(two), attempt(), asked({ lingerMsMin: 20, lingerFrom: 2 }));
  expect([...enough.silent.keys()]).toEqual([3]);
  const untilMs = Date.now() + 400;
  await gather(scripted(two), attempt(), asked({ lingerMsMin: 20, lingerFrom: 3, untilMs }));
  expect(Date.now()).toBeGreaterThanOrEqual(untilMs);
});

test('a statement that is heavier than it may be is no answer, and is kept neither for nor against its author', async () => {
  const complains = { round: Round.KEYGEN_COMPLAINT };
  const of = (id: number, bytes: number, change = {}) =>
    says(validatorId(id), validatorId(id), change, new Uint8Array(bytes));
  const script: Script = { 1: () => of(1, 8), 2: () => of(2, 9), 3: () => of(3, 9, complains) };
  const heard = await gather(scripted(script), attempt(), asked({ bytesMax: 8, objection: Round.KEYGEN_COMPLAINT }));
  expect([...heard.accepted.keys()]).toEqual([1]);
  expect([...heard.refused].map(([id, { code }]) => [id, code])).toEqual([
    [2, 'input.response'],
    [3, 'input.response'],
  ]);
  expect(heard.against.size).toBe(0);
});

test('"not yet" is asked again until it becomes an answer, and a final no is not', async () => {
  let finals = 0;
  const script: Script = {
    1: (n) => (n < 3 ? refuses('not-yet.chain-syncing') : says(validatorId(1))),
    2: () => {
      finals += 1;
      return refuses('policy.frozen');
    },
  };
  const requests = new Map([1, 2].map((id) => [validatorId(id), new Uint8Array(1)]));
  const heard = await gather(scripted(script), attempt(), asked({ requests }));
  expect([...heard.accepted.keys()]).toEqual([1]);
  expect(heard.refused.get(validatorId(2))).toMatchObject({ code: 'policy.frozen' });
  expect(finals).toBe(1);
});

test('what a validator lacks can be mended between two asks', async () => {
  let mended = false;
  const script: Script = { 1: () => (mended ? says(validatorId(1)) : refuses('not-yet.terms-unknown')) };
  const mend: NonNullable<Asked['mend']> = async (_validator, { code }) => {
    mended = code === 'not-yet.terms-unknown';
  };
  const requests = new Map([[validatorId(1), new Uint8Array(1)]]);
  const heard = await gather(scripted(script), attempt(), asked({ requests, enough: 1, mend }));
  expect(heard.accepted.size).toBe(1);
});

test('a statement of another validator, about another ceremony, or that is no message, never counts', async () => {
  const script: Script = {
    1: () => says(validatorId(2), validatorId(2)),
    2: () => says(validatorId(2), validatorId(2), { ceremony: 'another' }),
    3: () => Uint8Array.of(255, 255),
  };
  const heard = await gather(scripted(script), attempt(), asked());
  expect(heard.accepted.size).toBe(0);
  expect([...heard.refused].sort(([a], [b]) => a - b).map(([, { code }]) => code)).toEqual([
    'policy.envelope-unlisted',
    'conflict.envelope-stale',
    'input.response',
  ]);
});

test('a code that is not shaped like one does not reach logs and metrics', async () => {
  const heard = await gather(
    scripted({ 1: () => refuses('<script>alert(1)</script>') }),
    attempt(),
    asked({ enough: 1, requests: new Map([[validatorId(1), new Uint8Array(1)]]) }),
  );
  expect(heard.refused.get(validatorId(1))?.code).toBe('input.response');
});

test('a payload that cannot be read is the fault of the validator', async () => {
  const judge = (): never => {
    throw new Error('not protobuf');
  };
  const requests = new Map([[validatorId(1), new Uint8Array(1)]]);
  const heard = await gather(
    scripted({ 1: () => says(validatorId(1)) }),
    attempt(),
    asked({ requests, enough: 1, judge }),
  );
  expect(heard.refused.get(validatorId(1))?.code).toBe('input.response');
});

test('an attempt that was aborted throws instead of answering', async () => {
  const stop = new AbortController();
  const gathering = gather(scripted({}), attempt(stop.signal), asked());
  stop.abort(new Error('taken over'));
  await expect(gathering).rejects.toThrow('taken over');
});

test.each([
  ['when there is room', '{"roomAtSeconds":1800000000,"capSats":5,"more":"words"}', { roomAtSeconds: 1_800_000_000 }],
  ['nothing', '', {}],
  ['nothing in an object', '{}', {}],
  ['a time that is none', '{"roomAtSeconds":"soon"}', {}],
  ['a time between two seconds', '{"roomAtSeconds":1.5}', {}],
  ['no JSON', '{"roomAtSeconds":', {}],
  ['null', 'null', {}],
  ['more than anybody reads', `{"roomAtSeconds":1,"x":"${'x'.repeat(2_000)}"}`, {}],
])('of the details of a no the workflow learns only when there is room again: %s', async (_, detailsJson, learnt) => {
  const script: Script = Object.fromEntries(ids.map((id) => [id, () => refuses('policy.outflow-cap', detailsJson)]));
  const { refused } = await gather(scripted(script), attempt(), asked());
  expect(sayings(refused)[0]).toEqual({ validator: 1, code: 'policy.outflow-cap', message: 'no', ...learnt });
});
