import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { stopNetwork } from '../devnet/down.ts';
import { layout } from '../devnet/layout.ts';
import { projectFolder } from '../toolchain/recipes.mjs';
import { freePortBase, withFolder } from './devnet.ts';
import type { Measure, Setting } from './measure.ts';
import { maximum, median } from './statistics.ts';

const RUNS = 3;
const START_MS = 300_000;
const STOP_MS = 60_000;
const LINES_KEPT = 20;
/** The line of the plain (not live) progress that says that the payout stands in a block: devnet/demonstration.ts. */
const PAID = /^\s*payout.*: confirmed in block \d+/;

export const paidIn = (line: string): boolean => PAID.test(line);

export const firstStart: Measure = {
  name: 'first-start',
  about:
    'What a newcomer sees whose tools are built already: `npm start -- --once --no-emergency` in a fresh folder, from typing it until it says that the payout is confirmed ' +
    'in a block: key generation, vault, deposit, and the kill of the coordinator with its takeover are in it. It must end with exit code 0.',
  async run(setting) {
    const { runs = RUNS, say } = setting;
    const paid: number[] = [];
    const whole: number[] = [];
    for (let round = 1; round <= runs; round += 1) {
      const { paidS, wholeS } = await withFolder((folder) => startOnce(setting, join(folder, 'devnet')));
      paid.push(paidS);
      whole.push(wholeS);
      say(`${round} of ${runs}: paid after ${paidS.toFixed(1)} s`);
    }
    return [
      {
        title: 'start from a warm cache to a confirmed payout',
        unit: 's',
        result: median(paid),
        target: { of: 'result', max: 90 },
        detail: `${paid.length} starts, slowest ${maximum(paid).toFixed(1)} s; until everything is stopped again ${median(whole).toFixed(1)} s`,
      },
    ];
  },
};

type Start = { readonly paidS: number; readonly wholeS: number };

async function startOnce({ signal }: Setting, data: string): Promise<Start> {
  const portBase = String(await freePortBase());
  const script = join(projectFolder, 'toolchain', 'start.mjs');
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1_000;
  const child = spawn(process.execPath, [script, '--once', '--no-emergency', '--data', data, '--port-base', portBase], {
    cwd: projectFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const stop = (): void => void child.kill('SIGTERM');
  const late = AbortSignal.any([signal, AbortSignal.timeout(START_MS)]);
  late.addEventListener('abort', stop, { once: true });
  try {
    const last: string[] = [];
    let paidS: number | undefined;
    const hear = async (stream: Readable): Promise<void> => {
      for await (const line of createInterface({ input: stream })) {
        if (paidIn(line)) paidS ??= seconds();
        last.push(line);
        if (last.length > LINES_KEPT) last.shift();
      }
    };
    const [[code]] = await Promise.all([exited, hear(child.stdout), hear(child.stderr)]);
    const wholeS = seconds();
    if (code === 0 && paidS !== undefined) return { paidS, wholeS };
    const what = late.aborted ? `was stopped after ${wholeS.toFixed(0)} s` : `ended with exit code ${code}`;
    throw new Error([`npm start -- --once ${what}; its last lines:`, ...last].join('\n'));
  } finally {
    late.removeEventListener('abort', stop);
    await endFor(child, exited);
    await stopNetwork(layout(data));
  }
}

/** It puts its processes away when it is asked; what it could not, `stopNetwork` finds by its ledger. */
async function endFor(child: ReturnType<typeof spawn>, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await exited;
  clearTimeout(timer);
}
