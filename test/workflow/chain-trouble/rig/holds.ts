import { Context } from '@temporalio/activity';
import type { Activities } from '../../../../activities/activities.ts';

type Held = {
  readonly when: (input: unknown) => boolean;
  readonly entered: PromiseWithResolvers<void>;
  readonly go: PromiseWithResolvers<void>;
};

/** Keeps a workflow in a phase: an activity that is held begins, and does nothing until it is let go. */
export class Holds {
  readonly #held = new Map<string, Held>();

  /** Of several calls of one activity those that `when` knows. */
  hold(activity: keyof Activities, when: (input: unknown) => boolean = () => true): void {
    this.#held.set(activity, { when, entered: Promise.withResolvers(), go: Promise.withResolvers() });
  }

  async entered(activity: keyof Activities): Promise<void> {
    await this.#held.get(activity)?.entered.promise;
  }

  letGo(): void {
    for (const { go } of this.#held.values()) go.resolve();
    this.#held.clear();
  }

  around(activities: Activities): Activities {
    const entries = Object.entries(activities) as [string, (input: never) => Promise<unknown>][];
    return Object.fromEntries(
      entries.map(([name, run]) => [
        name,
        async (input: never) => {
          await this.#pass(name, input);
          return run(input);
        },
      ]),
    ) as unknown as Activities;
  }

  async #pass(name: string, input: unknown): Promise<void> {
    const held = this.#held.get(name);
    if (held?.when(input) !== true) return;
    held.entered.resolve();
    const beats = setInterval(() => Context.current().heartbeat(), 200);
    try {
      await held.go.promise;
    } finally {
      clearInterval(beats);
    }
  }
}
