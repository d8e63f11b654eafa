import { type FailureCode, FirebreakFailure, type Refusal } from '../../domain/errors/failure.ts';
import { judgeConfirmation } from '../../domain/notification/confirmation.ts';
import { type Notice, threadOf } from '../../domain/notification/notice.ts';
import type { NoticeWords } from '../../domain/notification/words.ts';
import type { Severity } from '../../domain/playbook/plan.ts';
import { offered } from '../../domain/playbook/catalogue.ts';
import type { DeliveryReceipt } from '../../domain/ports/notifier.ts';
import { type Attempt, attempt } from '../attempt.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { compose } from './compose.ts';
import { deliver, type NoticeEvent } from './deliver.ts';
import { shippedTemplates } from './templates.ts';

export type Receipts = Readonly<Record<string, DeliveryReceipt>>;

export type NotifyInput = {
  readonly event: NoticeEvent;
  /** What it is about, such as an incident's id: everything about it is one conversation. */
  readonly subject: string;
  readonly severity: Severity;
  readonly words: NoticeWords;
  /** Names of channels in coordinator.toml; absent: all that there are. */
  readonly channels?: readonly string[];
  /** By channel, what opened its conversation. A channel that is not here is told for the first time. */
  readonly first: Receipts;
  /** By channel, what this very message got when it was sent before: those are not told again. */
  readonly already: Receipts;
  /** With the channel, the name of the message: told again, it is the same message. */
  readonly key: string;
  /** How long all of it may take. */
  readonly seconds: number;
  readonly link?: string;
};

export type Notified = {
  readonly receipts: Receipts;
  readonly silent: readonly { readonly channel: string; readonly code: FailureCode }[];
  /** Absent: enough independent channels confirmed it for its severity. */
  readonly unconfirmed?: Refusal<'unavailable.independent-channels'>;
};

const CHANNELS_MAX = 20;

export const createNoticeActivities = (deps: ActivityDependencies) => ({
  /**
   * Tells one thing over every channel side by side and says who confirmed it. Too few confirmations are a value: whoever asked decides
   * whether to ask again, with the receipts so far in `already`. Throws `input.notice-template`, `input.notice-too-long`, `input.notice-channel`.
   */
  notify: (input: NotifyInput): Promise<Notified> =>
    attempt(deps, 'notify', async (now) => {
      const channels = [...new Set(input.channels ?? Object.keys(deps.notifiers ?? {}))];
      if (channels.length > CHANNELS_MAX)
        throw new FirebreakFailure('input.notice-channel', `more than ${CHANNELS_MAX} channels for one notice`);
      const notice = noticeOf(deps, input);
      const told = await Promise.all(channels.map((channel) => tell(deps, channel, notice, input, now)));
      now.signal.throwIfAborted();
      return judged(notice, told);
    }),
});

type Told = { readonly channel: string } & ({ readonly receipt: DeliveryReceipt } | { readonly code: FailureCode });

function judged(notice: Notice, told: readonly Told[]): Notified {
  const receipts: Record<string, DeliveryReceipt> = {};
  for (const one of told) if ('receipt' in one) receipts[one.channel] = one.receipt;
  const verdict = judgeConfirmation(notice, Object.values(receipts));
  return {
    receipts,
    silent: told.flatMap((one) => ('code' in one ? [{ channel: one.channel, code: one.code }] : [])),
    ...(verdict.ok ? {} : { unconfirmed: verdict.refusal }),
  };
}

/** Whatever one channel does, the others are told. */
async function tell(
  deps: ActivityDependencies,
  channel: string,
  notice: Notice,
  { event, first, already, key, seconds }: NotifyInput,
  now: Attempt,
): Promise<Told> {
  const before = offered(already, channel);
  if (before !== undefined) return { channel, receipt: before };
  const notifier = offered(deps.notifiers ?? {}, channel);
  if (notifier === undefined) return { channel, code: 'input.notice-channel' };
  const deadlineMs = Math.min(now.deadlineMs, deps.clock() + seconds * 1_000);
  const context = { idempotencyKey: `${key}/${channel}`, signal: now.signal, deadlineMs };
  try {
    return { channel, receipt: await deliver(notifier, event, notice, offered(first, channel), context, deps.clock) };
  } catch (error) {
    const code = error instanceof FirebreakFailure ? error.code : 'unavailable.channel';
    deps.logger.warn({ channel, code }, 'a channel did not confirm a notice');
    return { channel, code };
  }
}

function noticeOf(deps: ActivityDependencies, { subject, severity, words, link }: NotifyInput): Notice {
  const { name: network, environment } = deps.genesis;
  return compose(shippedTemplates(), words, {
    thread: threadOf(`${environment}/${network}`, subject),
    severity,
    network,
    exercise: environment !== 'production',
    issuedAtMs: deps.clock(),
    ...(link === undefined ? {} : { link }),
  });
}
