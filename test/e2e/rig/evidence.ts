import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@jest/globals';
import { doingOf } from '../../../devnet/engine.ts';
import { validatorIds } from '../../../devnet/layout.ts';
import { validatorName } from '../../../domain/network/network.ts';
import { readJournal } from '../../../validator/custody/journal/read.ts';
import type { LiveNetwork } from '../../../devnet/live-network.ts';
import { PROJECT } from './node-process.ts';
import { canSign, statusOf } from './validator-http.ts';

const LOG_LINES = 60;
const CEREMONIES = 6;
const WORKFLOWS_MAX = 40;
const EVENTS_SHOWN = 400;

/**
 * A test of a live network. When it fails, what the network looked like at that moment is written to `reports/` and the failure says
 * where: statuses, journal steps, the ends of the logs, and what happened in every workflow.
 */
export function liveTest(
  suite: string,
  title: string,
  live: () => LiveNetwork,
  run: (live: LiveNetwork) => Promise<void>,
  timeoutMs = 300_000,
): void {
  test(
    title,
    async () => {
      const startedAt = Date.now();
      try {
        await run(live());
      } catch (error) {
        const folder = await writeEvidence(suite, title, live(), error).catch((cause) => `nowhere: ${String(cause)}`);
        if (error instanceof Error) error.message += `\nevidence is in ${folder}`;
        throw error;
      } finally {
        process.stdout.write(`  ${suite}: ${title} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`);
      }
    },
    timeoutMs,
  );
}

export async function writeEvidence(suite: string, title: string, live: LiveNetwork, error: unknown): Promise<string> {
  const name = `${suite}-${title}`.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 80);
  const folder = join(PROJECT, 'reports', 'live', name);
  mkdirSync(folder, { recursive: true });
  const write = (file: string, content: unknown): void =>
    writeFileSync(
      join(folder, file),
      typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`,
    );
  write('failure.txt', error instanceof Error ? `${error.message}\n${error.stack ?? ''}\n` : String(error));
  write('validators.json', await statuses(live));
  write('journals.json', journals(live));
  write('logs.txt', logs(live));
  write('workflows.txt', await workflows(live));
  return folder;
}

async function statuses(live: LiveNetwork): Promise<unknown> {
  return Promise.all(
    validatorIds().map(async (id) => {
      const status = await statusOf(live, id).catch(String);
      return { validator: validatorName(id), status, canSign: await canSign(live, id).catch(String) };
    }),
  );
}

/** The latest ceremonies as each validator's journal has them. */
function journals({ layout }: LiveNetwork): unknown {
  return validatorIds().map((id) => {
    try {
      const journal = readJournal(layout.validator(id).journal);
      try {
        const ceremonies = journal.steps.ceremonies(CEREMONIES);
        return {
          validator: validatorName(id),
          steps: ceremonies.map((ceremony) => ({ ceremony, steps: journal.steps.of(ceremony) })),
        };
      } finally {
        journal.close();
      }
    } catch (error) {
      return { validator: validatorName(id), unreadable: String(error) };
    }
  });
}

function logs({ layout }: LiveNetwork): string {
  const files = [
    layout.temporal.log,
    ...[1, 2].map((worker) => layout.coordinator(worker).log),
    ...[1, 2, 3].map((node) => layout.bitcoin(node).log),
    ...validatorIds().map((id) => layout.validator(id).log),
  ];
  return files.map((file) => `===== ${file}\n${tailOf(file)}\n`).join('\n');
}

function tailOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .slice(-LOG_LINES)
      .map((line) => line.slice(0, 600))
      .join('\n');
  } catch (error) {
    return String(error);
  }
}

async function workflows({ client }: LiveNetwork): Promise<string> {
  const parts: string[] = [];
  try {
    for await (const { workflowId, status, startTime } of client.workflow.list()) {
      const handle = client.workflow.getHandle(workflowId);
      const { events } = await handle.fetchHistory();
      const lines = (events ?? [])
        .slice(-EVENTS_SHOWN)
        .map(
          (event) =>
            `  ${String(event.eventId)} ${String(event.eventType)} ${event.activityTaskScheduledEventAttributes?.activityType?.name ?? ''}`,
        );
      const doing = `  ${doingOf(await handle.describe())}`;
      parts.push(`${workflowId} ${status.name} since ${startTime.toISOString()}\n${[...lines, doing].join('\n')}\n`);
      if (parts.length >= WORKFLOWS_MAX) break;
    }
  } catch (error) {
    parts.push(`the workflow engine did not answer: ${String(error)}`);
  }
  return parts.join('\n');
}
