import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { principal } from '../../domain/committee/testkit/keys.ts';
import { addNote, commandIncident, handRole, incidentQuery, raiseSeverity } from '../../workflows/incident/messages.ts';
import { answerTask } from '../../workflows/run-playbook/messages.ts';
import { realAgents } from './rig/agents.ts';
import { bundleOf, factsOf } from './rig/evidence.ts';
import { activitiesTelling, openIncident, seenIncident, signedCommand } from './rig/incidents.ts';
import { COMMITTEE, emptyStage, planOf } from './rig/playbooks.ts';
import { eventually, keepHistory, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

const LOOK = `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind } } } }`;
let env: TestWorkflowEnvironment;
let world: TestWorld;
beforeAll(async () => {
  env = await startServer();
  world = await testWorld({ pinned: { committee: COMMITTEE }, agents: realAgents });
});
afterAll(async () => {
  await world?.stop();
  await stopServer(env);
});

/** Holds an effect up until it is let go. */
function gate() {
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  let reached = false;
  const pass = async (): Promise<void> => {
    reached = true;
    const { heartbeat } = Context.current();
    const beating = setInterval(heartbeat, 500);
    await promise.finally(() => clearInterval(beating));
  };
  return { pass, letGo, isReached: async () => reached };
}

test('what an incident obeys is in its evidence: it waits for a command that came before its end, and refuses what comes after', async () => {
  const { told, activities } = activitiesTelling(world, emptyStage(), { pager: 'pagerduty' });
  const [looking, sealing] = [gate(), gate()];
  let isCommanded = false;
  const { committeeNow, coSignHead } = activities;
  const worker = await startWorker(env, {
    activities: {
      ...activities,
      committeeNow: async (input) => {
        if (isCommanded) await looking.pass();
        return committeeNow(input);
      },
      coSignHead: async (input) => {
        await sealing.pass();
        return coSignHead(input);
      },
    },
  });
  try {
    const handle = await openIncident(env.client, world, worker.taskQueue, planOf(LOOK));
    await seenIncident(handle, 'a form is asked for', ({ standing }) => standing.next.length > 0);
    const { execution } = await handle.query(incidentQuery);
    const lower = { command: 'lower-severity', arguments: { severity: 'SEV3', reason: 'a test' } } as const;
    const lowering = () => {
      const command = signedCommand(world.deps.genesis, handle.workflowId, execution, lower, principal(1));
      return handle.executeUpdate(commandIncident, { args: [command] });
    };
    const noting = (text: string) =>
      handle.executeUpdate(addNote, { args: [{ by: 'ann', text, attachments: [], say: false }] });

    isCommanded = true;
    const lowered = lowering();
    await eventually('validators are asked before it is obeyed', looking.isReached);
    await env.client.workflow
      .getHandle(handle.workflowId.replace(/^incident/, 'runPlaybook'))
      .executeUpdate(answerTask, { args: [{ step: 'look', by: 'ann', answers: { kind: 'smoke' } }] });
    await eventually('people are told that it is over', async () => told['pager']?.[0]?.over === true);
    await noting('after the end of its run');
    looking.letGo();
    expect(await lowered).toEqual({ severity: 'SEV3' });

    await eventually('validators are asked to sign the last record', sealing.isReached);
    const no = { cause: { type: 'conflict.incident-phase' } };
    await expect(noting('too late')).rejects.toMatchObject(no);
    await expect(lowering()).rejects.toMatchObject(no);
    await expect(
      handle.executeUpdate(raiseSeverity, { args: [{ severity: 'SEV1', by: 'ann', reason: 'too late' }] }),
    ).rejects.toMatchObject(no);
    await expect(
      handle.executeUpdate(handRole, { args: [{ role: 'commander', to: 'ben', by: 'ann' }] }),
    ).rejects.toMatchObject(no);
    sealing.letGo();

    const { evidence, standing } = await handle.result();
    expect(standing).toMatchObject({ severity: 'SEV3', roles: { commander: { name: 'ann' } } });
    const { records } = await bundleOf(world, evidence);
    expect(factsOf(records, 'note.added')).toEqual([{ text: 'after the end of its run' }]);
    expect(factsOf(records, 'severity.changed')).toEqual([{ from: 'SEV2', to: 'SEV3', reason: 'a test' }]);
    expect(records.at(-1)?.kind).toBe('incident.closed');
    await keepHistory(handle, 'incident-commanded-at-its-end');
  } finally {
    looking.letGo();
    sealing.letGo();
    await worker.stop();
  }
});
