import { silentObserver } from '../testkit/observer.ts';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { genesis } from '../../domain/approval/testkit/voting.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Bindings, Values } from './binding.ts';
import { createLookingActivities, type Watched, type WatchInput } from './looking.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());
const silence = (): undefined => undefined;

/** A guard over one probe, and the clock goes on until it has seen something. */
async function guarded(look: () => Promise<Values>): Promise<Watched> {
  // Only what the activity touches; a use of anything else would fail here.
  const deps = {
    genesis,
    clock: Date.now,
    logger: { debug: silence, info: silence, warn: silence, error: silence },
    observer: silentObserver,
  } as unknown as ActivityDependencies;
  const bindings = { probes: { 'test.look': { results: { seen: 'int' }, look } } } as unknown as Bindings;
  const { watchGuard } = createLookingActivities(deps, bindings);
  const input: WatchInput = {
    network: genesis.name,
    probe: 'test.look',
    arguments: {},
    expect: 'result.seen > 0',
    values: {},
    everyMs: 1_000,
    wanted: 'breach',
    seconds: 3_600,
  };
  const watching = new MockActivityEnvironment({ attempt: 1 }).run(watchGuard, input) as Promise<Watched>;
  let watched: Watched | undefined;
  void watching.then((seen) => (watched = seen));
  for (let seconds = 0; watched === undefined && seconds < 3_600; seconds += 1)
    await jest.advanceTimersByTimeAsync(1_000);
  return watching;
}

/** Plug-ins of others are JavaScript, and throw whatever they like. */
const rejects = (reason: unknown): Promise<never> => Promise.reject(reason as Error);
const never = (): Promise<never> => new Promise(() => undefined);

test('a probe that never answers is a guard that does not hold, and not one that is watched for ever', async () => {
  expect(await guarded(never)).toEqual({
    seen: true,
    saw: 'unavailable.action-silent: test.look did not answer in time',
  });
});

test.each<readonly [string, () => Promise<Values>]>([
  ['an error', () => Promise.reject(new TypeError('canary'))],
  ['nothing', () => rejects(undefined)],
  ['a text', () => rejects('canary')],
  [
    'an object with getters',
    () =>
      rejects({
        get message(): string {
          throw new Error('canary');
        },
      }),
  ],
  ['something at once', thrown],
])('a probe that throws %s is one that cannot look, and says nothing of it', async (_what, look) => {
  expect(await guarded(look)).toEqual({
    seen: true,
    saw: 'bug.activity: test.look met an unexpected error',
  });
});
function thrown(): never {
  throw new Error('canary');
}

test('a look or two that fail are no breach', async () => {
  let looks = 0;
  const seen = await guarded(async () => {
    looks += 1;
    if (looks % 3 !== 0) throw new FirebreakFailure('unavailable.validators', 'nobody answers');
    return { seen: looks < 9 ? 1 : 0 };
  });
  expect([looks, seen]).toEqual([9, { seen: true, saw: '{"seen":0}' }]);
});
