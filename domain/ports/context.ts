/** Every effect carries these: a repeat with the same key is harmless, and nobody waits for ever. */
export type EffectContext = {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  /** Unix milliseconds after which the caller no longer wants an answer. */
  readonly deadlineMs: number;
};
export type ReadContext = Pick<EffectContext, 'signal' | 'deadlineMs'>;

export type PortHealth = { readonly state: 'ok' | 'degraded' | 'down'; readonly reason?: string };

/** Optional and ordered: `start` may wait for the outside, `stop` gives everything back, `health` never throws. */
export type LifeCycle = {
  start?(signal: AbortSignal): Promise<void>;
  stop?(): Promise<void>;
  health?(): Promise<PortHealth>;
  /** Public facts for error messages and `plugins list`; never a credential. */
  describe?(): Readonly<Record<string, string>>;
};
