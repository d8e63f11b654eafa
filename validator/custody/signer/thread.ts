import { parentPort } from 'node:worker_threads';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { KeyStore, KeyUse } from '../../../domain/ports/keystore.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import type { AgentLogger } from '../dependencies.ts';
import { createCustodian } from './custodian.ts';
import { carry, type FromSigner, RECORDED, type ToSigner } from './messages.ts';
import type { SignerOperation } from './operations.ts';

/** How long the signer waits until the agent's thread has journalled a use. */
const USE_RECORDED_MS_MAX = 10_000;

export type SignerThread = {
  readonly self: ValidatorId;
  /**
   * Chooses, creates and starts the keystore; `recordUse` returns when the use is durable and throws when it is not. `warn` is told to the
   * agent's log.
   */
  openKeystore(
    recordUse: (use: KeyUse) => void,
    warn: AgentLogger['warn'],
  ): Promise<{ readonly keystore: KeyStore; close(): Promise<void> }>;
};

/**
 * The loop of the signer thread: one call after the other, until told to stop. It resolves when everything is wiped and closed;
 * the composition root `validator/signer.ts` brings the keystore.
 */
export async function runSigner({ self, openKeystore }: SignerThread): Promise<void> {
  if (parentPort === null) throw new FirebreakFailure('bug.signer', 'the signer loop runs only in a worker thread');
  const port = parentPort;
  const say = (message: FromSigner): void => port.postMessage(message);
  const opened = await openKeystore(
    (use) => recordThere(say, use),
    (fields, message) => say({ kind: 'warned', fields, message }),
  ).catch((error: unknown) => {
    say({ kind: 'refused-start', failure: carry(error) });
    return undefined;
  });
  if (opened === undefined) return port.close();

  const custodian = createCustodian({ self, suite: signingSuite, keystore: opened.keystore });
  let last: Promise<void> = Promise.resolve();
  port.on('message', (message: ToSigner) => {
    last = last.then(() =>
      message.kind === 'stop' ? stop() : answer(message.id, message.operation, message.parameters),
    );
  });
  say({ kind: 'ready', keystore: opened.keystore.kind });

  async function answer(id: number, operation: SignerOperation, parameters: readonly unknown[]): Promise<void> {
    try {
      const call = custodian[operation] as (...values: readonly unknown[]) => Promise<unknown>;
      const value = await call(...parameters);
      say({ kind: 'result', id, value });
      // Posting copies: this one stays behind.
      if (operation === 'unsealIdentity') wipe(value);
    } catch (error) {
      say({ kind: 'failed', id, failure: carry(error) });
    } finally {
      if (operation === 'sealIdentity') wipe(parameters[0]);
    }
  }

  async function stop(): Promise<void> {
    custodian.eraseAll();
    await opened?.close().catch(() => undefined); // the process ends either way
    port.close();
  }
}

function wipe(secret: unknown): void {
  if (ArrayBuffer.isView(secret)) new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength).fill(0);
}

/** Blocks this thread until the journal, which lives in the other one, has the use. */
function recordThere(say: (message: FromSigner) => void, use: KeyUse): void {
  const answer = new Int32Array(new SharedArrayBuffer(4));
  say({ kind: 'use', use, answer });
  Atomics.wait(answer, 0, 0, USE_RECORDED_MS_MAX);
  if (Atomics.load(answer, 0) !== RECORDED) {
    throw new FirebreakFailure(
      'unavailable.key-use-unrecorded',
      `opening a share for ${use.purpose} could not be recorded`,
    );
  }
}
