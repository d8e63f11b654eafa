import { expect } from '@jest/globals';
import { validatorId } from '../../domain/network/network.ts';
import {
  GENERATE_KEY,
  type GenerateKeyInput,
  type GenerateKeyResult,
  startGenerateKey,
} from '../../workflows/generate-key/messages.ts';
import { progressQuery } from '../../workflows/lib/messages.ts';
import {
  certificateOf,
  covers,
  subjectFor,
  authorityOf,
  genesis as voted,
} from '../../domain/approval/testkit/voting.ts';
import type { BlameProof } from '../../domain/ceremony/blame.ts';
import { judgeBlame } from '../../threshold/verify/blame.ts';
import { openBlame } from '../../wire/blame.ts';
import { encodeDocument, parseKeyCertificate } from '../../wire/documents/index.ts';
import { eventually, keepHistory } from './rig/rig.ts';
import { onServer, type Scene } from './rig/suite.ts';
import type { TestValidator } from './rig/validator.ts';
import type { TestWorld } from './rig/world.ts';

const { scenario, onceScenario } = onServer();
const three = validatorId(3);

let epoch = 0;
const start = ({ env, world, taskQueue }: Scene, change: Partial<GenerateKeyInput> = {}) => {
  epoch += 1;
  const input = { network: world.deps.genesis.name, epoch, purpose: 'test', ...change };
  return env.client.workflow.start(GENERATE_KEY, startGenerateKey(input, taskQueue));
};
const counted = (world: TestWorld, request: string): number =>
  [...world.validators.values()].flatMap(({ asked }) => asked).filter((kind) => kind === request).length;

onceScenario(
  'a validator that lost the ceremony ends the attempt, and the next one is another ceremony',
  async (scene) => {
    let lost = 0;
    const validator = scene.world.validators.get(three);
    if (validator === undefined) throw new Error('there is no validator 3');
    validator.behave = (request) => {
      if (request !== 'keygenShares' || lost > 0) return 'answer';
      lost += 1;
      return { refuse: 'conflict.keygen-lost' };
    };
    const keygen = await start(scene);
    const made = (await keygen.result()) as GenerateKeyResult;
    expect(made).toMatchObject({ outcome: 'active', attempts: 2 });
    expect(counted(scene.world, 'startKeygen')).toBe(10);
    await keepHistory(keygen, 'generate-key-lost');
  },
);

scenario(
  'a validator that is away is named on the page, and the same attempt goes on when it is back',
  async (scene) => {
    const { handlers } = scene.world;
    const handler = handlers.get(three);
    handlers.delete(three);
    const keygen = await start(scene);
    await eventually('the page names validator 3', async () =>
      (await keygen.query(progressQuery)).missing.includes(three),
    );
    const progress = await keygen.query(progressQuery);
    expect(progress).toMatchObject({ phase: 'commitments', awaitingRole: 'validators', have: 4, need: 5 });
    if (handler !== undefined) handlers.set(three, handler);
    expect(await keygen.result()).toMatchObject({ outcome: 'active', attempts: 1 });
    await keepHistory(keygen, 'generate-key-away');
  },
);

scenario('a validator that stays away is named in the failure', async (scene) => {
  scene.world.handlers.delete(three);
  const keygen = await start(scene, { roundSeconds: 2, attemptsMax: 2 });
  expect(await keygen.result()).toMatchObject({
    outcome: 'failed',
    attempts: 2,
    refusal: { code: 'unavailable.validators', details: { missing: [3] } },
  });
  await keepHistory(keygen, 'generate-key-failed');
});

scenario('a refusal by rule is not tried again', async (scene) => {
  for (const validator of scene.world.validators.values()) {
    validator.behave = (request) => (request === 'startKeygen' ? { refuse: 'policy.keygen-parameters' } : 'answer');
  }
  const keygen = await start(scene);
  expect(await keygen.result()).toMatchObject({
    outcome: 'failed',
    attempts: 1,
    refusal: { code: 'policy.keygen-parameters' },
  });
  expect(await keygen.query(progressQuery)).toMatchObject({ phase: 'failed' });
});

scenario('a coordinator of another network refuses before anyone is asked', async (scene) => {
  const keygen = await start(scene, { network: 'another-network' });
  expect(await keygen.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'input.other-network' } });
  expect(counted(scene.world, 'startKeygen')).toBe(0);
});

onceScenario('a nonce lost before the self-test partial costs a session and not the key', async (scene) => {
  let lost = 0;
  const validator = scene.world.validators.get(three);
  if (validator === undefined) throw new Error('there is no validator 3');
  validator.behave = (request) => {
    if (request !== 'giveSelfTestPartial' || lost > 0) return 'answer';
    lost += 1;
    return { refuse: 'conflict.nonce-unknown' };
  };
  const keygen = await start(scene);
  expect(await keygen.result()).toMatchObject({ outcome: 'active', attempts: 1 });
  expect(counted(scene.world, 'startKeygen')).toBe(5);
  expect(counted(scene.world, 'giveCommitments')).toBe(10);
  await keepHistory(keygen, 'generate-key-self-test');
});

scenario('a validator that signs another package is accused by name', async (scene) => {
  const validator = scene.world.validators.get(three);
  if (validator === undefined) throw new Error('there is no validator 3');
  validator.dealsOtherKey = true;
  const keygen = await start(scene, { attemptsMax: 1 });
  expect(await keygen.result()).toMatchObject({
    outcome: 'failed',
    refusal: { code: 'signer-fault.keygen-package', details: { culprits: [3] } },
  });
});

const context = () => ({
  idempotencyKey: 'test',
  signal: AbortSignal.timeout(30_000),
  deadlineMs: Date.now() + 30_000,
});

/** A key that a run asked for: four of five are enough. Whether anybody voted for it is for real validators, in their own tests. */
async function asked({ world }: Scene, change: Partial<GenerateKeyInput> = {}): Promise<Partial<GenerateKeyInput>> {
  const proof = { certificate: certificateOf(subjectFor(authorityOf(voted, [])), []), covers };
  return {
    participants: [1, 2, 3, 4, 5].map(validatorId),
    smallest: 4,
    origin: { run: 'incident/test/7', step: 'rotate', playbook: proof.certificate.subject.playbook },
    proof: await world.deps.blobs.put(encodeDocument(proof), context()),
    roundSeconds: 2,
    ...change,
  };
}

async function packageOf({ world }: Scene, made: GenerateKeyResult) {
  if (made.outcome !== 'active') throw new Error(made.refusal.message);
  const bytes = await world.deps.blobs.get(made.key.certificate, context());
  return parseKeyCertificate(bytes, 'certificate').package;
}

scenario('a participant that stays away is left out of the next attempt, and cannot hold the key up', async (scene) => {
  scene.world.handlers.delete(three);
  const keygen = await start(scene, await asked(scene));
  const made = (await keygen.result()) as GenerateKeyResult;
  expect(made).toMatchObject({ outcome: 'active', attempts: 2 });
  expect(await packageOf(scene, made)).toMatchObject({
    participants: [1, 2, 4, 5],
    origin: { run: 'incident/test/7', step: 'rotate' },
  });
  await keepHistory(keygen, 'generate-key-without');
});

for (const round of ['keygenShares', 'finishKeygen', 'giveSelfTestPartial'] as const)
  scenario(`one that refuses by rule is left out too: at ${round}`, async (scene) => {
    const validator = scene.world.validators.get(three);
    if (validator === undefined) throw new Error('there is no validator 3');
    validator.behave = (request) => (request === round ? { refuse: 'policy.keygen-parameters' } : 'answer');
    const made = (await (await start(scene, await asked(scene))).result()) as GenerateKeyResult;
    expect(made).toMatchObject({ outcome: 'active', attempts: 2 });
    expect((await packageOf(scene, made)).participants).toEqual([1, 2, 4, 5]);
  });

const hostileThree = ({ world }: Scene): TestValidator => {
  const validator = world.validators.get(three);
  if (validator === undefined) throw new Error('there is no validator 3');
  return validator;
};

/** Read from the store and judged again, as anybody can who has the network file. */
async function verdictOf({ world }: Scene, made: GenerateKeyResult): Promise<readonly (number | string)[]> {
  const found: (number | string)[] = [];
  for (const { validator, proof } of made.blame) {
    const document = JSON.parse(
      Buffer.from(await world.deps.blobs.get(proof, context())).toString('utf8'),
    ) as BlameProof;
    const opened = openBlame(world.deps.genesis, document);
    const blame = opened.ok
      ? judgeBlame(opened.value, { genesis: world.deps.genesis, codec: world.chain.codec })
      : opened;
    found.push(blame.ok && blame.value.culprit === validator ? validator : 'unfounded');
  }
  return found;
}

scenario('a dealer of a bad share is proven to be one, and left out', async (scene) => {
  hostileThree(scene).deeds.spoilsShareOf = validatorId(5);
  const keygen = await start(scene, await asked(scene));
  const made = (await keygen.result()) as GenerateKeyResult;
  expect(made).toMatchObject({ outcome: 'active', attempts: 2 });
  expect((await packageOf(scene, made)).participants).toEqual([1, 2, 4, 5]);
  expect(await verdictOf(scene, made)).toEqual([3]);
  await keepHistory(keygen, 'generate-key-blame');
});

scenario('one that complains about a good share is left out, and whom it accuses stays', async (scene) => {
  hostileThree(scene).deeds.complainsAbout = validatorId(1);
  const made = (await (await start(scene, await asked(scene))).result()) as GenerateKeyResult;
  expect(made).toMatchObject({ outcome: 'active', attempts: 2 });
  expect((await packageOf(scene, made)).participants).toEqual([1, 2, 4, 5]);
  expect(await verdictOf(scene, made)).toEqual([3]);
});

scenario('one whose commitments do not hold is proven before anybody sends a share', async (scene) => {
  hostileThree(scene).deeds.spoilsCommitments = true;
  const made = (await (await start(scene, await asked(scene))).result()) as GenerateKeyResult;
  expect(made).toMatchObject({ outcome: 'active', attempts: 2 });
  expect(await verdictOf(scene, made)).toEqual([3]);
  expect(hostileThree(scene).asked).not.toContain('keygenShares');
});

scenario('where nobody may be left out the key is not made, and the proof is there', async (scene) => {
  hostileThree(scene).deeds.spoilsShareOf = validatorId(5);
  const made = (await (await start(scene, { attemptsMax: 2 })).result()) as GenerateKeyResult;
  expect(made).toMatchObject({ outcome: 'failed', refusal: { code: 'signer-fault.objection' } });
  expect(new Set(await verdictOf(scene, made))).toEqual(new Set([3]));
});

scenario('below the smallest number that was voted for no key is made', async (scene) => {
  scene.world.handlers.delete(three);
  scene.world.handlers.delete(validatorId(4));
  const keygen = await start(scene, await asked(scene, { attemptsMax: 2 }));
  expect(await keygen.result()).toMatchObject({
    outcome: 'failed',
    attempts: 2,
    refusal: { code: 'unavailable.validators', details: { missing: [3, 4] } },
  });
});

scenario(
  'one that falls silent after the key has been tested does not hold it up, and has its share',
  async (scene) => {
    const validator = scene.world.validators.get(three);
    if (validator === undefined) throw new Error('there is no validator 3');
    validator.behave = (request) => (request === 'activateKey' ? 'silent' : 'answer');
    const made = (await (await start(scene, await asked(scene))).result()) as GenerateKeyResult;
    expect(made).toMatchObject({ outcome: 'active', attempts: 1 });
    expect((await packageOf(scene, made)).participants).toEqual([1, 2, 3, 4, 5]);
  },
);

scenario('a validator that no votes let in is asked for nothing but to hold the certificate', async (scene) => {
  const participants = [1, 2, 4, 5].map(validatorId);
  const made = (await (await start(scene, await asked(scene, { participants }))).result()) as GenerateKeyResult;
  expect(made).toMatchObject({ outcome: 'active', attempts: 1 });
  const outside = scene.world.validators.get(three);
  expect(new Set(outside?.asked)).toEqual(new Set(['holdCertificate', 'activateKey']));
});

scenario('without an origin nobody can be left out of a key', async (scene) => {
  const {
    origin: _origin,
    proof: _proof,
    ...bare
  } = await asked(scene, { participants: [1, 2, 4, 5].map(validatorId) });
  const keygen = await start(scene, bare);
  expect(await keygen.result()).toMatchObject({ outcome: 'failed', refusal: { code: 'policy.key-participants' } });
  expect(counted(scene.world, 'startKeygen')).toBe(0);
});
