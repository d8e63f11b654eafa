import { silentObserver } from '../testkit/observer.ts';
import { generateKeyPairSync } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { committeeOf } from '../../domain/committee/testkit/keys.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { silentLogger } from '../../telemetry/log.ts';
import { sealEnvelope } from '../../wire/envelope.ts';
import { CommitteeStateSchema, ResponseSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { ActivityDependencies } from '../dependencies.ts';
import { committeeFollowed } from './committees.ts';

const ids = [1, 2, 3].map(validatorId);
const keys = new Map(ids.map((id) => [id, generateKeyPairSync('ed25519')]));
const committee = committeeOf(1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
const genesis = {
  name: 'looking',
  environment: 'development',
  threshold: 2,
  committee,
  validators: ids.map((id) => {
    const { x } = keys.get(id)?.publicKey.export({ format: 'jwk' }) ?? {};
    return { id, identity: Buffer.from(x ?? '', 'base64url').toString('hex'), addresses: [] };
  }),
} as unknown as NetworkGenesis;

/** What a validator says that has followed no hand-over. */
function states(validator: ValidatorId): Uint8Array {
  const key = keys.get(validator)?.privateKey;
  if (key === undefined) throw new Error('no such validator');
  const fields = { suite: '', keyset: '', epoch: 0, ceremony: '', round: Round.COMMITTEE_STATE };
  const payload = toBinary(CommitteeStateSchema, create(CommitteeStateSchema, {}));
  const value = sealEnvelope(genesis, validator, key, fields, payload);
  return toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'envelope', value } }));
}

/** The first `answering` validators answer at once, the others use up all the time that there is. */
async function look(answering: number, committeeLookMs?: number) {
  let nowMs = 1_000;
  const warned: unknown[] = [];
  const ask: ValidatorNetwork['ask'] = async (validator, _request, { deadlineMs }) => {
    if (validator <= answering) return { validator, ok: true, response: states(validator) };
    await new Promise(setImmediate);
    nowMs = Math.max(nowMs, deadlineMs);
    return { validator, ok: false, code: 'unavailable.validator-silent', message: 'silent' };
  };
  const deps = {
    genesis,
    network: { ask },
    clock: () => nowMs,
    logger: { ...silentLogger, warn: (fields: unknown) => void warned.push(fields) },
    observer: silentObserver,
    ...(committeeLookMs === undefined ? {} : { committeeLookMs }),
  } as unknown as ActivityDependencies;
  const { signal } = new AbortController();
  const attempt = { idempotencyKey: 't', number: 1, signal, deadlineMs: 1_000_000, report: () => undefined };
  const { authority, later } = await committeeFollowed(deps, attempt, []);
  expect([authority.committee, later]).toEqual([committee, []]);
  return { warned, waitedMs: nowMs - 1_000 };
}

test('a decision by the known committee, because too few validators say which they follow, says how many did', async () => {
  expect((await look(0)).warned).toEqual([{ epoch: 1, answered: 0, needed: 2 }]);
  expect((await look(1)).warned).toEqual([{ epoch: 1, answered: 1, needed: 2 }]);
  expect((await look(2)).warned).toEqual([]);
});

test('silent validators hold it up two seconds, or as long as is said', async () => {
  expect((await look(0)).waitedMs).toBe(2_000);
  expect((await look(1, 7_000)).waitedMs).toBe(7_000);
});
