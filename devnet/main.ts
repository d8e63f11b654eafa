import { setTimeout as wait } from 'node:timers/promises';
import { EXIT, exitCodeOf } from '../cli/exit.ts';
import { outliveReaders } from '../cli/closed-reader.ts';
import { DATA_FOLDER } from '../cli/operator.ts';
import { carriedData } from '../cli/carrying.ts';
import { carry, knowFailures, printFailure, printOutcome, typed } from '../cli/report.ts';
import { type Screen, terminal } from '../cli/screen.ts';
import { awake } from '../telemetry/awake.ts';
import { addresses } from './addresses.ts';
import { type Control, serveControl } from './control/serve.ts';
import { copiesOf, copy } from './copy.ts';
import { networkSteps, type Stage } from './demonstration.ts';
import { agreeToPurge, downLines, purge, stopNetwork } from './down.ts';
import { devnetFailures } from './failures.ts';
import { freezeLine, frozenStory, standingFreeze } from './freeze.ts';
import { fund, mine } from './fund.ts';
import { layout as layoutOf } from './layout.ts';
import { type DevnetOptions, type DownOptions, readOptions, type UpOptions } from './options.ts';
import { LOOPBACK } from './ports.ts';
import { runSteps, type Step } from './steps.ts';
import { connectClient } from './story.ts';
import { tell } from './tell.ts';
import { torture } from './torture/command.ts';
import { openNetwork, prepare, prepareFiles } from './up.ts';

/** A chain on which nothing happens still gets a block now and then, so that no node looks stuck. */
const IDLE_BLOCK_MS = 5_000;

/** `up`: everything, the demonstration, and then everything stays until Ctrl-C. Gives the exit code. */
async function up(options: UpOptions, screen: Screen): Promise<number> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop.abort());
  const prepared = await prepare(options);
  const say = (line: string): void => screen.out(`${line}\n`);
  if (prepared.leftovers.length > 0)
    say(`ended ${prepared.leftovers.length} processes that a crash had left: ${prepared.leftovers.join(', ')}`);
  const network = openNetwork(prepared, stop.signal, (event) => {
    if (event.kind === 'gave-up')
      say(`${event.name} keeps ending; it is not restarted any more. Its log: ${event.log}`);
  });
  const stage: Stage = {};
  let close = async (): Promise<void> => undefined;
  let control: Control | undefined;
  try {
    const run = (steps: readonly Step[]): Promise<void> =>
      runSteps(
        steps.map((step) => interruptible(step, stop.signal)),
        screen.colour,
        say,
      );
    await run([
      {
        title: 'network files',
        run: async () => typed([prepared.resumed ? 'resumed' : 'made', ...(await prepareFiles(prepared))].join('; ')),
      },
    ]);
    await run(networkSteps(network, stage));
    const { layout, ports } = network;
    if (stage.chain !== undefined)
      control = await serveControl({ port: ports.control, secretFile: layout.control }, stage.chain, copiesOf(network));
    const freezeNow = () => standingFreeze(ports);
    if (options.story) {
      say(`watch it run: http://${LOOPBACK}:${ports.temporalUi}; in another terminal: ${typed('firebreak status')}`);
      const connected = await connectClient(network);
      stage.client = connected.client;
      close = connected.close;
      const freeze = await tell({ network, stage, ...options, run, say, freezeNow });
      if (freeze !== undefined && options.once) throw frozenStory(freeze);
    } else {
      const freeze = await freezeNow();
      if (freeze !== undefined) say(freezeLine(freeze));
    }
    if (!options.once) {
      for (const line of addresses(network)) say(line);
      await stay(stage, stop.signal);
    }
    return EXIT.done;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.done;
    throw error;
  } finally {
    await control?.close();
    await close();
    await network.supervisor.stop((group) => say(`stopping ${group}`));
    prepared.release();
  }
}

/** Ctrl-C ends the waiting at once; what the step was doing is ended with its processes. */
const interruptible = (step: Step, signal: AbortSignal): Step => ({
  title: step.title,
  run: (say) =>
    Promise.race([
      step.run(say),
      new Promise<never>((_resolve, reject) => {
        const stopped = (): void => reject(new Error('stopped'));
        if (signal.aborted) stopped();
        signal.addEventListener('abort', stopped, { once: true });
      }),
    ]),
});

async function stay(stage: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await wait(IDLE_BLOCK_MS, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await stage.chain?.mine(1).catch(() => undefined);
  }
}

async function down(options: DownOptions, screen: Screen): Promise<number> {
  const layout = layoutOf(options.data);
  await agreeToPurge(screen, layout, options);
  const stopped = await stopNetwork(layout);
  const purged = options.purge ? purge(layout) : undefined;
  const lines = downLines(stopped, purged, layout.root);
  printOutcome(screen, { data: { ...stopped, purged: purged === true }, lines, next: 'up' }, options.json);
  return EXIT.done;
}

outliveReaders([process.stdout, process.stderr]);
const screen = terminal();

async function run(options: DevnetOptions): Promise<number> {
  switch (options.verb) {
    case 'up':
      return up(options, screen);
    case 'down':
      return down(options, screen);
    case 'fund':
      printOutcome(screen, await fund(options), options.json);
      return EXIT.done;
    case 'copy':
      printOutcome(screen, await copy(options), options.json);
      return EXIT.done;
    case 'mine':
      printOutcome(screen, await mine(options), options.json);
      return EXIT.done;
    case 'torture': {
      const outcome = await torture(options, (line) => {
        if (!options.json) screen.out(`${line}\n`);
      });
      printOutcome(screen, outcome, options.json);
      return outcome.exitCode ?? EXIT.done;
    }
  }
}

knowFailures(devnetFailures);
try {
  const options = readOptions(process.argv.slice(2));
  if (options.verb !== 'torture' && options.data !== DATA_FOLDER) carry(carriedData(options.data));
  process.exitCode = await awake(run(options));
} catch (error) {
  printFailure(screen, error, process.argv.includes('--json'));
  process.exitCode = exitCodeOf(error);
}
