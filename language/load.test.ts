import { expect, test } from '@jest/globals';
import { type Loaded, loadPlaybook } from './load.ts';
import { CATALOGUE, COMMITTEE, SOUND } from './testkit/sound.ts';

const load = (text: string): Loaded =>
  loadPlaybook(new TextEncoder().encode(text), 'x.yaml', { catalogue: CATALOGUE, committee: COMMITTEE });

test('a sound playbook becomes a plan with a digest', () => {
  const loaded = load(SOUND);
  expect(loaded).toMatchObject({ ok: true, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('a time may be an input, whose value each run gives', () => {
  const loaded = load(SOUND.replace('every: 1m', 'every: "${inputs.patience}"'));
  expect(loaded.ok && loaded.plan.steps.at(-1)).toMatchObject({ repeat: { everyMs: { input: 'patience' } } });
});
