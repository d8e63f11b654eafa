import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { backUp, runCopy, takeCopy } from '../copy.ts';
import type { Fault } from './fault.ts';
import { tellIn } from './hostile/acts.ts';
import type { Ledger } from './ledger.ts';
import { clockFile, type TorturedNetwork } from './network.ts';
import { moveAll, orphanPayouts, takeBack } from './reorgs.ts';

/** A fault that has begun: how it is ended when its time is over. */
export type Ending = () => void | Promise<void>;

export type Arena = {
  readonly net: TorturedNetwork;
  readonly ledger: Ledger;
  /** Services that a fault has stopped; whoever lets others go on leaves these alone. */
  readonly stopped: Map<string, number>;
};

const SLOW = { delayMs: 400, bytesPerSecond: 20_000 } as const;
const LOSSY = { lossPercent: 25, delayMs: 20 } as const;
const DROP_EVERY_MS = 700;
const nothing: Ending = () => undefined;

const backupOf = ({ net }: Arena, id: ValidatorId): string => join(net.live.layout.root, 'backups', validatorName(id));

/** What is put back later; taken when the storm begins, so that everything since is forgotten then. */
export function takeBackups(arena: Arena): void {
  const { net } = arena;
  for (const id of net.cast.restored) backUp(net.live.layout, id, backupOf(arena, id));
}

/** Begins a fault; throws with the reason when it cannot be done now. */
export async function inflict(arena: Arena, fault: Fault): Promise<Ending> {
  const { net, ledger } = arena;
  const { live, mesh } = net;
  const { layout, supervisor } = live;
  const cause = `fault ${fault.number}`;
  switch (fault.kind) {
    case 'hostile-silent':
    case 'hostile-slow':
    case 'hostile-wrong-partial':
    case 'hostile-other-message':
    case 'hostile-equivocates':
    case 'hostile-leaves':
      for (const id of fault.who) tellIn(layout.validator(id).dir, fault.act, Date.now() + fault.lastsMs);
      return nothing;
    case 'kill-worker':
    case 'kill-temporal':
    case 'kill-validator':
    case 'kill-bitcoin':
      for (const name of fault.victims) supervisor.service(name)?.signal('SIGKILL');
      return nothing;
    case 'pause':
      for (const name of fault.victims) stop(arena, name);
      return () => fault.victims.forEach((name) => goOn(arena, name));
    case 'partition-halves':
    case 'partition-minority':
      mesh.between(cause, fault.side, fault.other, { held: true });
      return () => mesh.lift(cause);
    case 'partition-one-way':
      mesh.impose(cause, fault.side, fault.other, { held: true });
      return () => mesh.lift(cause);
    case 'slow-links':
    case 'lossy-links':
      mesh.between(cause, fault.side, fault.other, fault.kind === 'slow-links' ? SLOW : LOSSY);
      return () => mesh.lift(cause);
    case 'dropped-links': {
      const drop = (): void => mesh.drop(fault.side, fault.other);
      drop();
      const timer = setInterval(drop, DROP_EVERY_MS);
      return () => clearInterval(timer);
    }
    case 'restored-folder':
      await putBack(arena, fault.who);
      return nothing;
    case 'clone': {
      takeCopy(layout, live.ports, fault.who);
      const copy = await runCopy(live, fault.who);
      return () => copy.stop();
    }
    case 'clock':
      writeFileSync(clockFile(layout, fault.who), String(fault.shiftMs));
      return () => rmSync(clockFile(layout, fault.who), { force: true });
    case 'full-disk': {
      const { disk } = net;
      if (disk === undefined) throw new Error('this process may not mount a small disk');
      disk.fill();
      return () => {
        disk.free();
        // A validator whose journal could not be written is halted until its operator has made room and started it again.
        supervisor.service(validatorName(fault.who))?.signal('SIGKILL');
      };
    }
    case 'reorg-moved':
      await moveAll(live, fault.depth);
      return nothing;
    case 'reorg-orphaned':
      await orphanPayouts(live, ledger, fault.depth);
      return nothing;
    case 'reorg-double-spent':
      await takeBack(live, ledger, fault.depth);
      return nothing;
  }
}

/** SIGSTOP: alive and silent. Two faults may stop the same process; it goes on when both are over. */
function stop({ net, stopped }: Arena, name: string): void {
  stopped.set(name, (stopped.get(name) ?? 0) + 1);
  net.live.supervisor.service(name)?.signal('SIGSTOP');
}

function goOn({ net, stopped }: Arena, name: string): void {
  const left = (stopped.get(name) ?? 1) - 1;
  if (left > 0) stopped.set(name, left);
  else stopped.delete(name);
  if (left <= 0) net.live.supervisor.service(name)?.signal('SIGCONT');
}

/** The folder as it was when the storm began, in the place of the one that has signed since. */
async function putBack(arena: Arena, id: ValidatorId): Promise<void> {
  const { layout, supervisor } = arena.net.live;
  const { dir } = layout.validator(id);
  const from = backupOf(arena, id);
  await supervisor.hold(validatorName(id));
  try {
    for (const name of readdirSync(dir)) if (/^(journal|chain)\./.test(name)) rmSync(join(dir, name));
    for (const name of readdirSync(from)) {
      rmSync(join(dir, name), { force: true });
      copyFileSync(join(from, name), join(dir, name));
    }
  } finally {
    supervisor.release(validatorName(id));
  }
}
