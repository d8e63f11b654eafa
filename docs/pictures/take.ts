import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Browser, type Size } from './browser.ts';
import { plain, Terminal, terminalPage } from './terminal.ts';

/**
 * `node toolchain/run.mjs docs/pictures/take.ts [program of Chromium]`: takes every picture of the documentation anew, from one real
 * `npm start` in this folder, and removes its network. Needs tmux and Chromium; both are Debian packages of that name.
 */
const FOLDER = import.meta.dirname;
const PROJECT = resolve(FOLDER, '..', '..');
const DATA = join(PROJECT, '.firebreak', 'devnet');
const UI = 'http://127.0.0.1:8233';
const STORY_MS = 900_000;
const END_MS = 60_000;
const LOOK_MS = 300;
const STANDS = 'Ctrl-C stops everything';
const PAGE: Size = { width: 1_400, height: 900 };
const TALL: Size = { width: 1_400, height: 1_200 };

type Wanted = {
  readonly file: string;
  /** Which execution, in Temporal's words; the newest that fits. */
  readonly query: string;
  readonly tab: string;
  /** What has to be on the page. */
  readonly words: RegExp;
  readonly size: Size;
};

/** The page says when a worker told it where the run stands; before that its right half is empty. */
const ANSWERED = /for freshness\s+[A-Z][a-z]{2} \d/;
const QUESTION = "WorkflowType='runPlaybook' AND Phase='approval'";
const WANTED: readonly Wanted[] = [
  {
    file: 'payout-in-temporal.png',
    query: "WorkflowType='payOut' AND ExecutionStatus='Completed'",
    tab: 'timeline',
    words: /settled/,
    size: PAGE,
  },
  {
    file: 'incident-vote-in-temporal.png',
    query: QUESTION,
    tab: 'user-metadata',
    words: ANSWERED,
    size: PAGE,
  },
  {
    file: 'incident-in-temporal.png',
    query: "WorkflowType='incident' AND AwaitingRole='committee'",
    tab: 'user-metadata',
    words: ANSWERED,
    size: PAGE,
  },
  {
    file: 'incident-timeline-in-temporal.png',
    query: QUESTION,
    tab: 'timeline',
    words: /Auto Refresh/,
    size: TALL,
  },
];

if (existsSync(DATA)) throw new Error(`${DATA} holds a network already: take pictures in a fresh clone`);
const browser = await Browser.start(process.argv[2] ?? 'chromium');
const terminal = new Terminal('npm start', PROJECT);
try {
  const missing = await duringTheStory();
  await ofTheTerminal(terminal.read().map(withoutMachine));
  if (missing.length > 0) throw new Error(`not taken: ${missing.join(', ')}; quiet the machine and try again`);
} finally {
  terminal.type('C-c');
  await until(END_MS, 'the network did not stop', async () => terminal.isOver());
  terminal.close();
  await browser.close();
}

/** Temporal and its page are killed on the way: a picture that fails is tried again while it still can be taken. */
async function duringTheStory(): Promise<readonly string[]> {
  const missing = new Set(WANTED);
  await until(STORY_MS, 'the story did not come to its end', async () => {
    for (const wanted of missing) if (await photograph(wanted).catch(() => false)) missing.delete(wanted);
    if (terminal.isOver()) throw new Error(`npm start has ended:\n${terminal.read().slice(-20).map(plain).join('\n')}`);
    return terminal.read().some((line) => line.includes(STANDS));
  });
  return [...missing].map(({ file }) => file);
}

async function photograph({ file, query, tab, words, size }: Wanted): Promise<boolean> {
  const found = await fetch(`${UI}/api/v1/namespaces/default/workflows?query=${encodeURIComponent(query)}`);
  const { executions = [] } = (await found.json()) as {
    readonly executions?: readonly { readonly execution: { readonly workflowId: string; readonly runId: string } }[];
  };
  const [first] = executions;
  if (first === undefined) return false;
  const { workflowId, runId } = first.execution;
  const url = `${UI}/namespaces/default/workflows/${encodeURIComponent(workflowId)}/${runId}/${tab}`;
  const taken = await browser.photograph(url, words, size, join(FOLDER, file));
  if (taken) process.stdout.write(`${file}\n`);
  return taken;
}

/** Where this machine keeps things is nobody's business. */
function withoutMachine(line: string): string {
  return line.replaceAll(`${PROJECT}/`, '').replaceAll(homedir(), '~').trimEnd();
}

/** One picture up to the payout, one of the emergency. */
async function ofTheTerminal(lines: readonly string[]): Promise<void> {
  const from = (words: string): number => lines.findIndex((line) => plain(line).includes(words));
  const emergency = from('vaults with coins');
  const first = ['$ npm start', ...lines.slice(0, emergency)];
  for (const [file, some] of [
    ['first-run.png', first],
    ['emergency.png', lines.slice(emergency)],
  ] as const) {
    const { html, size } = terminalPage(some);
    const folder = mkdtempSync(join(tmpdir(), 'firebreak-picture-'));
    const page = join(folder, 'page.html');
    writeFileSync(page, html);
    await browser.photograph(pathToFileURL(page).href, /./, size, join(FOLDER, file));
    rmSync(folder, { recursive: true });
    process.stdout.write(`${file}\n`);
  }
}

async function until(timeoutMs: number, otherwise: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`${otherwise} after ${timeoutMs / 1_000} s`);
    await wait(LOOK_MS);
  }
}
