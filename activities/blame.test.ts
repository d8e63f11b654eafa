import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { ceremonyId, keysetOf } from '../domain/ceremony/ceremony.ts';
import { digestOf, TAGS } from '../domain/encoding/digest.ts';
import { memory } from '../plugins/blob/memory/index.ts';
import { parseBlameProof } from '../wire/documents/index.ts';
import { sealEnvelope } from '../wire/envelope.ts';
import { KeygenParametersSchema, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import { type Blamed, createBlameActivities } from './blame.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { putEnvelopes } from './documents.ts';
import { firstAttempt, HOSTILE, networkNamed, privateKey } from './testkit/hostile.ts';

const genesis = networkNamed('blame');

const now = firstAttempt;

/** Who is blamed for a first message of a key generation that is so many bytes of nothing, and whether everybody can read why. */
async function blamedFor(bytes: number): Promise<readonly { readonly validator: number; readonly kind: string }[]> {
  const blobs = memory({})({});
  const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const observer = { attemptEnded: () => undefined, takenOver: () => undefined, validatorAnswered: () => undefined };
  const deps = { genesis, blobs, logger, observer, clock: Date.now, chain: {} } as unknown as ActivityDependencies;
  const parameters = toBinary(
    KeygenParametersSchema,
    create(KeygenParametersSchema, {
      environment: genesis.environment,
      network: genesis.name,
      epoch: 1,
      threshold: genesis.threshold,
      participants: [HOSTILE],
    }),
  );
  const ceremony = ceremonyId('keygen', digestOf(TAGS.keygenParameters, parameters));
  const keyset = keysetOf(ceremony);
  const about = { suite: 'a suite', keyset, epoch: 1, ceremony, round: Round.KEYGEN_COMMITMENTS };
  const said = sealEnvelope(genesis, HOSTILE, privateKey, about, new Uint8Array(bytes).fill(0xff));
  const input = {
    key: {
      ceremony,
      keyset,
      epoch: 1,
      parameters: await blobs.put(parameters, now),
      validators: [HOSTILE],
      others: [],
    },
    against: await putEnvelopes(deps, new Map([[HOSTILE, said]]), now),
  };
  const { judgeKeygenFaults } = createBlameActivities(deps);
  const blamed = (await new MockActivityEnvironment({ attempt: 1 }).run(judgeKeygenFaults, input)) as readonly Blamed[];
  return Promise.all(
    blamed.map(async ({ validator, proof }) => {
      const { kind } = parseBlameProof(await blobs.get(proof, now), 'a proof');
      return { validator, kind };
    }),
  );
}

test('whoever signed nonsense is blamed by a proof that everybody can read', async () => {
  expect(await blamedFor(100)).toEqual([{ validator: HOSTILE, kind: 'keygen-commitments' }]);
});

test('nobody is blamed by a proof that nobody could read', async () => {
  expect(await blamedFor(100_000)).toEqual([]);
});
