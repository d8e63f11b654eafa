import { expect } from '@jest/globals';
import type { CeremonyId } from '../../domain/ceremony/ceremony.ts';
import type { KeygenRound } from '../../activities/keygen.ts';
import {
  GENERATE_KEY,
  type GenerateKeyInput,
  type GenerateKeyResult,
  startGenerateKey,
} from '../../workflows/generate-key/messages.ts';
import { BLOB, everyone, heard, KEY, NETWORK, VALIDATORS } from './rig/scripted.ts';
import { onSkippingServer, type Script, type SkippingServer, taking } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const ROUND_SECONDS = 300;
const CEREMONY = 'ce'.repeat(32) as CeremonyId;
const ALL_BUT_ONE = heard(VALIDATORS.length - 1);
const LAST = VALIDATORS.at(-1);

type Wait = KeygenRound | 'certificate' | 'self-test commitments' | 'self-test partials' | 'activation';
const WAITS: readonly Wait[] = [
  'commitments',
  'shares',
  'transcript',
  'certificate',
  'self-test commitments',
  'self-test partials',
  'activation',
];

let epoch = 0;
/** One validator says nothing in one wait, for the first `silentSeconds` of it. */
async function generate(
  server: SkippingServer,
  silentIn: Wait,
  silentSeconds: number,
  change: Partial<GenerateKeyInput> = {},
) {
  epoch += 1;
  let sinceMs: number | undefined;
  const phases = new Set<string>();
  const answers = async (wait: Wait) => {
    if (wait !== silentIn) return everyone;
    const nowMs = await server.nowMs();
    sinceMs ??= nowMs;
    const { phase } = await server.page();
    phases.add(phase);
    return nowMs - sinceMs >= silentSeconds * 1_000 ? everyone : ALL_BUT_ONE;
  };
  const proposed = {
    ceremony: CEREMONY,
    keyset: KEY.keyset,
    epoch,
    parameters: BLOB,
    validators: VALIDATORS,
    others: [],
  };
  const script: Script = {
    proposeKey: async () => proposed,
    askKeygenRound: taking(({ round }) => answers(round)),
    certifyKey: async () => ({ key: KEY, groupKey: '02' }),
    askCertificateHeld: taking(() => answers('certificate')),
    askSelfTestCommitments: taking(async () => ({
      gathering: await answers('self-test commitments'),
      session: { ceremony: CEREMONY, request: BLOB },
    })),
    askSelfTestPartials: taking(async () => ({ gathering: await answers('self-test partials'), activation: BLOB })),
    askActivation: taking(() => answers('activation')),
    recordKeygen: async () => BLOB,
  };
  const input = { network: NETWORK, epoch, purpose: 'test', ...change };
  const lived = await server.live<GenerateKeyInput, GenerateKeyResult>(
    GENERATE_KEY,
    (taskQueue) => startGenerateKey(input, taskQueue),
    script,
  );
  return { ...lived, phases: [...phases] };
}

for (const wait of WAITS) {
  const phase = wait.startsWith('self-test') ? 'self-test' : wait;

  waiting(`a validator that answers in the fifth minute of the ${wait} is waited for`, async (server) => {
    const { result, tookSeconds, phases } = await generate(server, wait, 230, { attemptsMax: 1 });
    expect(result).toMatchObject({ outcome: 'active', attempts: 1 });
    expect(tookSeconds).toBeGreaterThanOrEqual(230);
    expect(phases).toEqual([phase]);
  });

  waiting(
    `a validator that never answers in the ${wait} ends the attempt after five minutes, by name`,
    async (server) => {
      const { result, tookSeconds } = await generate(server, wait, Infinity, { attemptsMax: 1 });
      expect(result).toMatchObject({
        outcome: 'failed',
        attempts: 1,
        refusal: { code: 'unavailable.validators', details: { missing: [LAST] } },
      });
      // A self-test is tried three times before the attempt is over.
      const waits = wait.startsWith('self-test') ? 3 : 1;
      expect(tookSeconds).toBeGreaterThanOrEqual(waits * ROUND_SECONDS);
      expect(tookSeconds).toBeLessThan(waits * (ROUND_SECONDS + 60) + 60);
    },
  );
}

waiting('three attempts are made, and the third one may be the one', async (server) => {
  const late = await generate(server, 'shares', 2 * ROUND_SECONDS + 30);
  expect(late.result).toMatchObject({ outcome: 'active', attempts: 3 });
  const never = await generate(server, 'shares', Infinity);
  expect(never.result).toMatchObject({ outcome: 'failed', attempts: 3 });
  expect(never.tookSeconds).toBeGreaterThanOrEqual(3 * ROUND_SECONDS);
});

waiting('a network that asks for more attempts than five gets five', async (server) => {
  const { result } = await generate(server, 'commitments', Infinity, { attemptsMax: 50, roundSeconds: 10 });
  expect(result).toMatchObject({ outcome: 'failed', attempts: 5 });
});
