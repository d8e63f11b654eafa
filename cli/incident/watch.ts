import { setTimeout as pause } from 'node:timers/promises';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { linesOf, type Standing } from '../../domain/incident/standing.ts';
import { withClient } from '../coordinator.ts';
import { readDuration } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { typedLine } from '../report.ts';
import type { Screen } from '../screen.ts';
import { mustBeIncident, rememberedIn } from './find.ts';

export type WatchOptions = { readonly data: string; readonly for: string; readonly json?: boolean };

const LOOK_MS = 1_000;
/** ANSI: to the upper left, and nothing below. */
const CLEAR = '\u001b[H\u001b[2J';

/**
 * Follows an incident until it is over. A terminal shows one page that stays up to date; anything else gets the page anew each time that it
 * changes. It needs no worker, and watching changes nothing.
 */
export async function watchIncident(screen: Screen, options: WatchOptions, id: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  const untilMs = Date.now() + readDuration(options.for, '--for') * 1_000;
  const incident = mustBeIncident(operator, id);
  return withClient(operator, async (client) => {
    const handle = client.workflow.getHandle(incident);
    let said = '';
    for (;;) {
      const described = await handle.describe();
      const standing = rememberedIn(described);
      if (standing === undefined)
        throw new FirebreakFailure('input.unknown-process', `${incident} has written nothing that can be read`);
      const status = described.status.name.toLowerCase();
      const page = pageOf(standing, status);
      if (page !== said && options.json !== true) screen.out(`${screen.interactive ? CLEAR : ''}${page}\n`);
      said = page;
      const over = status !== 'running' || standing.phase === 'over';
      if (over || Date.now() >= untilMs)
        return {
          data: { incident, status, standing },
          lines: over
            ? [`${incident}: ${status}, ${standing.phase}`]
            : [`${incident} goes on; the time of --for is over`],
          next: `incident show ${id} --timeline`,
        };
      await pause(LOOK_MS);
    }
  });
}

/** How far, in a line that needs no colour: what is behind, what runs, who is waited for. */
function pageOf(standing: Standing, status: string): string {
  const waiting = standing.next.length === 0 ? 'nobody has to act' : `${standing.next.length} to act`;
  const bar = `[${standing.phase === 'over' ? '##########' : standing.running.length > 0 ? '#####>....' : '#####.....'}]`;
  return [
    `${bar} ${standing.phase}, ${standing.running.length} steps run, ${waiting} (${status})`,
    ...linesOf(standing, Date.now()).map(typedLine),
  ].join('\n');
}
