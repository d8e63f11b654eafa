import { setTimeout as wait } from 'node:timers/promises';
import type { Network } from '../devnet/network.ts';
import { LOOPBACK } from '../devnet/ports.ts';
import { workerName, workerSpec } from '../devnet/processes.ts';
import { untilReady } from '../devnet/ready.ts';
import type { Running } from '../devnet/supervisor/launch.ts';
import { identify, type ProcessIdentity, signalProcess } from '../devnet/supervisor/process-identity.ts';
import { endProcess } from '../devnet/supervisor/supervisor.ts';
import { WORKER_COUNT } from '../devnet/layout.ts';

const READY_MS = 60_000;
const GRACE_MS = 5_000;

type Member = { readonly identity: ProcessIdentity; readonly exited: Promise<string> };

/**
 * The coordinator's workers, restarted at once after each kill like the supervisor does it, but without end: twenty kills are
 * meant here, and the supervisor would rightly give up.
 */
export class WorkerPair {
  readonly #network: Network;
  readonly #members = new Map<number, Member>();

  constructor(network: Network) {
    this.#network = network;
  }

  async start(): Promise<void> {
    for (const worker of this.#numbers()) await this.#begin(worker);
    await this.ready();
  }

  /** Number of the worker with this process id. */
  workerOf(pid: number): number | undefined {
    return [...this.#members].find(([, { identity }]) => identity.pid === pid)?.[0];
  }

  /** SIGKILL; gives the Unix milliseconds right before it. Its replacement starts as soon as it is gone. */
  async kill(worker: number): Promise<number> {
    const member = this.#members.get(worker);
    const atMs = Date.now();
    if (member === undefined || !signalProcess(member.identity, 'SIGKILL'))
      throw new Error(`worker ${worker} was gone before it was killed`);
    await member.exited;
    await this.#begin(worker);
    return atMs;
  }

  /** Until both poll Temporal. */
  async ready(): Promise<void> {
    const { layout, ports, signal } = this.#network;
    await Promise.all(
      this.#numbers().map((worker) =>
        untilReady(
          { what: workerName(worker), log: layout.coordinator(worker).log, timeoutMs: READY_MS, signal },
          async () => {
            const url = `http://${LOOPBACK}:${ports.workerMetrics(worker)}/health`;
            const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
            if (response.ok) return true;
            throw new Error((await response.text()).slice(0, 300));
          },
        ),
      ),
    );
  }

  async stop(): Promise<void> {
    const members = [...this.#members.values()];
    this.#members.clear();
    await Promise.all(members.map(({ identity, exited }) => endProcess(identity, GRACE_MS, exited)));
  }

  async #begin(worker: number): Promise<void> {
    const running: Running = await workerSpec(this.#network.layout, worker).start();
    const identity = identify(running.pid);
    if (identity === undefined) {
      await wait(0);
      throw new Error(`${workerName(worker)} ended at once: ${await running.exited}`);
    }
    this.#members.set(worker, { identity, exited: running.exited });
  }

  #numbers(): readonly number[] {
    return Array.from({ length: WORKER_COUNT }, (_unused, index) => index + 1);
  }
}
