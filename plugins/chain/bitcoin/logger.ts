/** What the plug-in needs of a log; pino fits. Fields are public facts. */
export type ChainLogger = {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
};

export const silent: ChainLogger = { info: () => undefined, warn: () => undefined };
