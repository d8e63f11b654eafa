import type { ChildProcess } from 'node:child_process';
import { eventually } from './rig.ts';

const RESTART_MS = 50;
/** It only bounds a broken test. */
const UP_MS = 120_000;

export type KeptUp = {
  readonly name: string;
  /** With SIGKILL, once there is one that lives; gives the name. */
  kill(): Promise<string>;
  /** Nothing is started again. */
  end(): void;
};

/** A process that is there again whenever it was killed, ended because others were or could not be started, until it is no longer needed. */
export function keepUp(name: string, start: () => Promise<ChildProcess>): KeptUp {
  let over = false;
  let child: ChildProcess | undefined;
  const again = (): void => {
    if (!over) setTimeout(() => void up().catch(again), RESTART_MS);
  };
  const up = async (): Promise<void> => {
    const begun = await start();
    child = begun;
    if (over) begun.kill('SIGKILL');
    begun.once('exit', again);
  };
  void up().catch(again);
  return {
    name,
    kill: async () => {
      await eventually(`${name} lives`, async () => child !== undefined && isAlive(child), UP_MS);
      child?.kill('SIGKILL');
      return name;
    },
    end: () => {
      over = true;
      child?.kill('SIGKILL');
    },
  };
}

/** One that was killed lives until it is seen to have ended. */
const isAlive = ({ pid, killed, exitCode, signalCode }: ChildProcess): boolean =>
  pid !== undefined && !killed && exitCode === null && signalCode === null;
