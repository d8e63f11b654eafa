import type { Notice } from '../notification/notice.ts';
import type { EffectContext, LifeCycle } from './context.ts';

/** What stays of one delivery: small enough for a history, and without an address of a person. */
export type DeliveryReceipt = {
  /** The notifier's `route` at that moment. */
  readonly route: string;
  /** The other side's name of what was delivered, 1 to 300 printable characters; `update` and `resolve` need it. */
  readonly reference: string;
  /** `accepted`: the other side answers for it from here on. `shown`: it stands where people read it. */
  readonly state: 'accepted' | 'shown';
  readonly exercise: boolean;
  /** Unix milliseconds of this machine when the other side had answered. */
  readonly atMs: number;
  /** Addressees that the other side refused while it took the others. */
  readonly missed: number;
};

/**
 * One way to reach people. A repeat with the same idempotency key is the same message wherever the other side can tell (the manifest says
 * so by the capability `deduplicates`). A notice is told as plain text: nothing in it may become markup, a link, a header or a mention.
 * Failures: `unavailable.notifier-throttled` (detail `retryAfterSeconds`), `unavailable.notifier-down`, `unknown-outcome.notifier-answer`,
 * `input.notifier-refused`, `policy.notifier-credentials`. Each method ends when its signal fires or its deadline is over.
 */
export type Notifier = LifeCycle & {
  /** What fails together: channels with one route are one channel when independent ones are counted. 1 to 200 printable characters. */
  readonly route: string;
  /** Opens the conversation about `notice.thread`. */
  send(notice: Notice, context: EffectContext): Promise<DeliveryReceipt>;
  /** Says more in the conversation that `first` opened. */
  update(notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt>;
  /** Says that it is over, and ends the alert where the other side has such a thing. Resolving again is harmless. */
  resolve(notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt>;
};
