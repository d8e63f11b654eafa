import type { ChildProcess } from 'node:child_process';

const RESTART_MS = 50;

export type KeptUp = {
  readonly name: string;
  /** With SIGKILL; gives the name. */
  kill(): string;
  /** Nothing is started again. */
  end(): void;
};

/** A process that is there again whenever it was killed, or ended because others were, until it is no longer needed. */
export function keepUp(name: string, start: () => Promise<ChildProcess>): KeptUp {
  let over = false;
  let child: ChildProcess | undefined;
  const up = async (): Promise<void> => {
    const begun = await start();
    child = begun;
    if (over) begun.kill('SIGKILL');
    begun.once('exit', () => {
      if (!over) setTimeout(() => void up(), RESTART_MS);
    });
  };
  void up();
  const kill = (): string => {
    child?.kill('SIGKILL');
    return name;
  };
  return {
    name,
    kill,
    end: () => {
      over = true;
      kill();
    },
  };
}
