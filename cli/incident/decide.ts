import type { Client } from '@temporalio/client';
import { setTimeout as pause } from 'node:timers/promises';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Commanded } from '../../domain/incident/command.ts';
import { closeIncident } from '../../workflows/incident/messages.ts';
import { closeRun, commandRun, type RunPlaybookPhase, stopRun } from '../../workflows/run-playbook/messages.ts';
import { confirm } from '../ask.ts';
import { withClient } from '../coordinator.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import type { Screen } from '../screen.ts';
import { type SigningOptions, signCommand } from './command.ts';
import { incidentNamed, rememberedIn, runNamed, send, viewOf } from './find.ts';
import { sendSigned } from './following.ts';

type Said = { readonly data: string; readonly by: string; readonly reason: string; readonly yes?: boolean };
export type DecideOptions = Said & SigningOptions;

/** How long an incident may take to hear that its run has been closed. */
const HEARD_MS = 15_000;

/** Ends what runs now and leaves the world as it is: braking takes no signature. */
export async function stop(screen: Screen, id: string, options: Said): Promise<Outcome> {
  const operator = readOperator(options.data);
  const text = 'Stop what runs now and leave the world as it is?';
  await confirm(screen, { text, flag: '--yes', given: options.yes === true });
  return withClient(operator, async (client) => {
    const { by, reason } = options;
    const workflowId = runNamed(operator, id);
    const { phase } = await send(client, () =>
      client.workflow.getHandle(workflowId).executeUpdate(stopRun, { args: [{ by, reason }] }),
    );
    return taken(workflowId, 'stop', phase, id);
  });
}

/** A member's signed command to the run. */
async function command(screen: Screen, id: string, options: SigningOptions, commanded: Commanded): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const workflowId = runNamed(operator, id);
    const incident = incidentNamed(operator, rootOf(operator, workflowId));
    if (incident === undefined) throw new FirebreakFailure('input.usage', `${workflowId} belongs to no incident`);
    const { run: execution } = await viewOf(client, workflowId);
    const signed = await signCommand(screen, options, { incident, execution }, commanded);
    const updateId = `command-${signed.command.number}`;
    const { phase } = await sendSigned(client, workflowId, () =>
      client.workflow.getHandle(workflowId).executeUpdate(commandRun, { args: [signed], updateId }),
    );
    return taken(workflowId, commanded.command, phase, id);
  });
}

export const undo = (screen: Screen, id: string, options: DecideOptions): Promise<Outcome> =>
  command(screen, id, options, { command: 'undo', arguments: { reason: options.reason } });

export const resume = (screen: Screen, id: string, step: string, options: DecideOptions): Promise<Outcome> =>
  command(screen, id, options, { command: 'resume', arguments: { step, reason: options.reason } });

/** Ends a halted run as it stands, and the incident around it. */
export async function close(screen: Screen, id: string, options: Said): Promise<Outcome> {
  const operator = readOperator(options.data);
  await confirm(screen, { text: 'End it as it stands?', flag: '--yes', given: options.yes === true });
  const { by, reason } = options;
  return withClient(operator, async (client) => {
    const workflowId = runNamed(operator, id);
    const run = client.workflow.getHandle(workflowId);
    const closing = (await run.describe()).status.name === 'RUNNING';
    if (closing) await send(client, () => run.executeUpdate(closeRun, { args: [{ by, reason }] }));
    const incident = incidentNamed(operator, id);
    if (incident === undefined || !(await untilHeard(client, incident, closing)))
      return taken(workflowId, 'close', 'failed', id);
    await send(client, () =>
      client.workflow.getHandle(incident).executeUpdate(closeIncident, { args: [{ by, reason }] }),
    );
    return {
      data: { workflowId, incident, decision: 'close' },
      lines: [`${incident}: closed`],
      next: `incident show ${id}`,
    };
  });
}

/** Whether there is an incident that can be closed; it has to hear first that its run has ended. */
async function untilHeard(client: Client, incident: string, closing: boolean): Promise<boolean> {
  const untilMs = Date.now() + HEARD_MS;
  for (;;) {
    const described = await client.workflow
      .getHandle(incident)
      .describe()
      .catch(() => undefined);
    if (described === undefined || described.status.name !== 'RUNNING') return false;
    if (!closing || rememberedIn(described)?.phase !== 'responding' || Date.now() > untilMs) return true;
    await pause(250);
  }
}

/** A run inside of another is called after it. */
function rootOf({ genesis }: Operator, workflowId: string): string {
  const [kind = '', network = '', key = ''] = workflowId.split('/');
  return network === genesis.name ? `${kind}/${network}/${key}` : workflowId;
}

const taken = (workflowId: string, decision: string, phase: RunPlaybookPhase, id: string): Outcome => ({
  data: { workflowId, decision, phase },
  lines: [`${workflowId}: ${decision} was taken`],
  next: `incident show ${id}`,
});
