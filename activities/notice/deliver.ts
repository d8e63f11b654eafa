import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Notice } from '../../domain/notification/notice.ts';
import type { EffectContext } from '../../domain/ports/context.ts';
import type { DeliveryReceipt, Notifier } from '../../domain/ports/notifier.ts';
import { pause } from '../waiting.ts';
import { requireReceipt } from './receipt.ts';

/** What is done in the conversation: it is opened, something more is said, or it is ended. */
export type NoticeEvent = 'send' | 'update' | 'resolve';

const TRIES_MAX = 5;
const FIRST_PAUSE_MS = 500;

/**
 * Delivers over one channel, tried again as long as trying helps and time is left; a channel that names a time is asked again after it.
 * Without a first receipt there is no conversation to go on with, so the notice opens one. Throws what the notifier threw last.
 */
export async function deliver(
  notifier: Notifier,
  event: NoticeEvent,
  notice: Notice,
  first: DeliveryReceipt | undefined,
  context: EffectContext,
  clock: () => number,
): Promise<DeliveryReceipt> {
  for (let tries = 1; ; tries += 1) {
    try {
      const sending =
        event === 'send' || first === undefined
          ? notifier.send(notice, context)
          : notifier[event](notice, first, context);
      return requireReceipt(notifier, await bounded(sending, context, clock));
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof FirebreakFailure) || !error.retryable || tries >= TRIES_MAX) throw error;
      const waitMs = pauseMs(error, tries);
      if (clock() + waitMs >= context.deadlineMs) throw error;
      await pause(waitMs, context.signal);
      context.signal.throwIfAborted();
    }
  }
}

function pauseMs({ details }: FirebreakFailure, tries: number): number {
  const seconds = details['retryAfterSeconds'];
  return typeof seconds === 'number' ? seconds * 1_000 : FIRST_PAUSE_MS * 2 ** (tries - 1);
}

/** A notifier that listens neither to its signal nor to its deadline costs its own message, and no other channel's. */
async function bounded<T>(sending: Promise<T>, { signal, deadlineMs }: EffectContext, clock: () => number): Promise<T> {
  sending.catch(() => undefined);
  const over = Promise.withResolvers<never>();
  const end = (): void => over.reject(signal.reason);
  const late = (): void =>
    over.reject(new FirebreakFailure('unavailable.channel', 'a channel did not confirm in time'));
  const timer = setTimeout(late, Math.max(0, deadlineMs - clock()));
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([sending, over.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
}
