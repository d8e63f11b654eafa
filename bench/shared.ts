/** Something costly that several measures take turns on. */
export type Shared<T> = {
  /** Opened for the first that asks; the same for everybody until it is closed. Rejects for everybody when it could not be opened. */
  open(): Promise<T>;
  /** Gives everything back; the next that asks opens it anew. Throws when that went wrong, and not again for what could not be opened. */
  close(): Promise<void>;
};

/** `lend` opens it, hands it to the work, and gives it back when the work is over. */
export function share<T>(lend: (work: (opened: T) => Promise<void>) => Promise<void>): Shared<T> {
  let held: { readonly opened: Promise<T>; end(): Promise<void> } | undefined;
  return {
    open: () => (held ??= hold(lend)).opened,
    close: async () => {
      const now = held;
      held = undefined;
      await now?.end();
    },
  };
}

function hold<T>(lend: (work: (opened: T) => Promise<void>) => Promise<void>) {
  const released = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<T>();
  let isOpen = false;
  const lent = lend(async (value) => {
    isOpen = true;
    opened.resolve(value);
    await released.promise;
  });
  lent.catch((error: unknown) => opened.reject(error));
  return {
    opened: opened.promise,
    end: async () => {
      released.resolve();
      await lent.catch((error: unknown) => {
        if (isOpen) throw error;
      });
    },
  };
}
