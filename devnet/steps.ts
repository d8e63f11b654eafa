import { Listr, type ListrTask } from 'listr2';

/** One thing that is seen to happen; `run` returns a few words about how it went. */
export type Step = { readonly title: string; run(say: (line: string) => void): Promise<string> };

const TICK_MS = 1_000;
/** In a log a step that says nothing is told of so often. */
const QUIET_MS = 10_000;

/** Runs steps one after the other and shows each with its time: a live list on a terminal, plain lines elsewhere. */
export async function runSteps(steps: readonly Step[], live: boolean, write: (line: string) => void): Promise<void> {
  if (live) await runLive(steps);
  else for (const step of steps) await runPlain(step, write);
}

async function runLive(steps: readonly Step[]): Promise<void> {
  const tasks = steps.map(
    (step): ListrTask => ({
      title: step.title,
      task: async (_context, task) => {
        const startedAt = performance.now();
        const ticking = setInterval(() => {
          task.title = `${step.title} (${seconds(startedAt)})`;
        }, TICK_MS);
        try {
          const said = await step.run((line) => {
            task.output = line;
          });
          task.title = `${step.title}: ${said} (${seconds(startedAt)})`;
        } finally {
          clearInterval(ticking);
        }
      },
    }),
  );
  // Ctrl-C belongs to the supervisor, which has processes to put away.
  await new Listr(tasks, {
    concurrent: false,
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false },
  }).run();
}

async function runPlain(step: Step, write: (line: string) => void): Promise<void> {
  const startedAt = performance.now();
  write(`- ${step.title} ...`);
  const ticking = setInterval(() => write(`    still ${step.title} (${seconds(startedAt)})`), QUIET_MS);
  try {
    const said = await step.run((line) => {
      ticking.refresh();
      write(`    ${line}`);
    });
    write(`  ${step.title}: ${said} (${seconds(startedAt)})`);
  } finally {
    clearInterval(ticking);
  }
}

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
