import type { ValidatorNetwork } from '../domain/ports/validator-network.ts';

/** Connects only when somebody has to be asked. */
export type Connect = () => Promise<{ readonly network: ValidatorNetwork; stop(): Promise<void> }>;

export const IDENTITY = [
  '--identity <file>',
  'the Ed25519 key of a listed coordinator, default from the data folder',
] as const;

/** Loading libp2p takes a second: only the verbs that speak to validators pay for it. */
export const connectWith =
  (where: { readonly data: string; readonly network?: string; readonly identity?: string }): Connect =>
  async () =>
    (await import('./connection.ts')).connect(where);
