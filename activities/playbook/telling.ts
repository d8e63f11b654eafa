import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { offered } from '../../domain/playbook/catalogue.ts';
import { type Attempt, attempt } from '../attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { Bindings, Channel } from './binding.ts';

export type TellInput = {
  readonly channels: readonly string[];
  readonly message: string;
  readonly severity: string;
  /** With the channel, the name of the message: told again, it is the same message. */
  readonly key: string;
  readonly seconds: number;
};
export type Told = {
  readonly confirmed: readonly string[];
  /** The different routes of those that confirmed. Absent in what earlier builds answered. */
  readonly routes?: readonly string[];
  readonly silent: readonly { readonly channel: string; readonly code: string }[];
};

/** No channel waits for another, and none holds the others up for longer than this. */
const CHANNEL_SECONDS_MAX = 30;

export const createTellingActivities = (deps: ActivityDependencies, bindings: Bindings) => ({
  /** Sends one message over every channel side by side; says which of them confirmed it. */
  notifyPeople: (input: TellInput): Promise<Told> =>
    attempt(deps, 'notifyPeople', async (now) => {
      const sent = await Promise.all(
        input.channels.map(async (name) => ({
          channel: name,
          code: await send(deps, offered(bindings.channels, name), name, input, now),
        })),
      );
      now.signal.throwIfAborted();
      const confirmed = sent.filter(({ code }) => code === undefined).map(({ channel }) => channel);
      return {
        confirmed,
        routes: [...new Set(confirmed.flatMap((name) => offered(bindings.channels, name)?.route ?? []))].sort(),
        silent: sent.flatMap(({ channel, code }) => (code === undefined ? [] : [{ channel, code }])),
      };
    }),
});

/** Undefined: confirmed. Whatever a channel does, the others are told. */
async function send(
  deps: ActivityDependencies,
  channel: Channel | undefined,
  name: string,
  { message, severity, key, seconds }: TellInput,
  now: Attempt,
): Promise<string | undefined> {
  if (channel === undefined) return 'input.playbook-capability';
  const ms = Math.min(seconds, CHANNEL_SECONDS_MAX) * 1_000;
  const signal = AbortSignal.any([now.signal, AbortSignal.timeout(ms)]);
  const late = new Promise<never>((_resolve, reject) =>
    signal.addEventListener(
      'abort',
      () => reject(new FirebreakFailure('unavailable.channel', `${name} did not confirm`)),
      { once: true },
    ),
  );
  try {
    const context = { idempotencyKey: `${key}/${name}`, signal, deadlineMs: deps.clock() + ms };
    await Promise.race([channel.send({ text: message, severity }, context), late]);
    return undefined;
  } catch (error) {
    deps.logger.warn(
      { channel: name, code: error instanceof FirebreakFailure ? error.code : 'bug.activity' },
      'a channel did not confirm a message',
    );
    return error instanceof FirebreakFailure ? error.code : 'unavailable.channel';
  }
}
