import { readFileSync } from 'node:fs';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ValidatorNetwork } from '../domain/ports/validator-network.ts';
import { libp2p } from '../plugins/network/libp2p/index.ts';
import { pinnedGenesis, readOperator } from './operator.ts';

export type Connection = { readonly network: ValidatorNetwork; stop(): Promise<void> };

/** An open line to the validators with the operator's own identity: it may ask and carry, and sign nothing. */
export async function connect(where: {
  readonly data: string;
  readonly network?: string;
  readonly identity?: string;
}): Promise<Connection> {
  const genesis = pinnedGenesis(where);
  const identityFile = where.identity ?? readOperator(where.data).identityFile;
  readable(identityFile);
  const network = libp2p({ identityFile, dialTimeoutMs: 3_000, reconnectMsMax: 2_000 })({ genesis });
  await network.start?.(AbortSignal.timeout(10_000));
  return { network, stop: async () => network.stop?.() };
}

/** One question to the validators; the line is closed whatever the answer. */
export async function whileConnected<T>(
  where: Parameters<typeof connect>[0],
  ask: (network: ValidatorNetwork) => Promise<T>,
): Promise<T> {
  const connection = await connect(where);
  try {
    return await ask(connection.network);
  } finally {
    await connection.stop();
  }
}

/** Says "no such file" in the words of this tool, before a second is spent on libp2p. */
function readable(file: string): void {
  try {
    readFileSync(file).fill(0);
  } catch (error) {
    throw new FirebreakFailure('input.key-file', `identity ${file} cannot be read: ${(error as Error).message}`, {
      file,
    });
  }
}
