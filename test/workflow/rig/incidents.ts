import type { Client, WorkflowHandle } from '@temporalio/client';
import { createNoticeActivities } from '../../../activities/notice/notify.ts';
import { type TestKey } from '../../../domain/committee/testkit/keys.ts';
import {
  type Commanded,
  commandDigest,
  type IncidentCommand,
  type SignedCommand,
} from '../../../domain/incident/command.ts';
import { type Standing, standingFrom } from '../../../domain/incident/standing.ts';
import type { NetworkGenesis } from '../../../domain/network/network.ts';
import type { Notifier } from '../../../domain/ports/notifier.ts';
import { memory, type ToldMessage } from '../../../plugins/notifier/memory/index.ts';
import {
  INCIDENT,
  type IncidentInput,
  incidentQuery,
  type IncidentResult,
  type IncidentView,
  startIncident,
} from '../../../workflows/incident/messages.ts';
import { activitiesOn, type planOf, putDocument, type Stage } from './playbooks.ts';
import { eventually } from './rig.ts';
import type { TestWorld } from './world.ts';

export type Told = Readonly<Record<string, ToldMessage[]>>;

/** The activities of a world whose installation tells people over these channels; each channel fails by itself unless it shares a route. */
export function activitiesTelling(world: TestWorld, stage: Stage, routes: Readonly<Record<string, string>>) {
  const told: Record<string, ToldMessage[]> = {};
  const notifiers: Record<string, Notifier> = {};
  for (const [channel, route] of Object.entries(routes)) {
    const messages: ToldMessage[] = [];
    told[channel] = messages;
    notifiers[channel] = Object.assign(memory({})({ told: messages }), { route });
  }
  return {
    told: told as Told,
    activities: { ...activitiesOn(world, stage), ...createNoticeActivities({ ...world.deps, notifiers }) },
  };
}

export type Opened = WorkflowHandle<(input: IncidentInput) => Promise<IncidentResult>>;
let incidents = 0;

export async function openIncident(
  client: Client,
  world: TestWorld,
  taskQueue: string,
  loaded: ReturnType<typeof planOf>,
  change: Partial<IncidentInput> = {},
): Promise<Opened> {
  incidents += 1;
  const input: IncidentInput = {
    network: world.deps.genesis.name,
    key: `${process.pid}-${Date.now()}-${incidents}`,
    title: 'Of a test',
    severity: 'SEV2',
    playbook: {
      name: loaded.plan.name,
      playbook: loaded.digest,
      plan: await putDocument(world, loaded.plan),
      library: {},
      inputs: {},
    },
    ...change,
  };
  return client.workflow.start<(input: IncidentInput) => Promise<IncidentResult>>(
    INCIDENT,
    startIncident(input, taskQueue),
  );
}

/** What the engine's database says of an incident: nothing here asks a worker. */
export async function remembered(handle: Pick<Opened, 'describe'>): Promise<Standing> {
  const { memo } = await handle.describe();
  const standing = standingFrom(memo?.['incident'], Date.now());
  if (standing === undefined) throw new Error('the memo holds no standing');
  return standing;
}

export async function seenIncident(
  handle: Opened,
  what: string,
  look: (view: IncidentView) => boolean,
): Promise<IncidentView> {
  let last: IncidentView | undefined;
  await eventually(what, async () => {
    last = await handle.query(incidentQuery);
    return look(last);
  });
  return last as IncidentView;
}

export function signedCommand(
  { environment, name: network }: NetworkGenesis,
  incident: string,
  execution: string,
  commanded: Commanded,
  key: TestKey,
  change: Partial<IncidentCommand> = {},
): SignedCommand {
  const command = {
    version: 1,
    environment,
    network,
    incident,
    execution,
    number: Date.now(),
    expiresAtSeconds: Math.floor(Date.now() / 1_000) + 600,
    ...commanded,
    ...change,
  } as IncidentCommand;
  return { command, signature: { member: key.voter, signature: key.sign(commandDigest(command)) } };
}

/** Effects of incidents and the runs of their playbooks: no part of a vault's life; `twice-incident.test.ts` loses the first completion of each. */
export const OF_INCIDENTS: ReadonlySet<string> = new Set([
  'coSignHead',
  'committeeNow',
  'judgeApproval',
  'keepDocuments',
  'lookAt',
  'lookAtRun',
  'notify',
  'notifyPeople',
  'openRun',
  'performAction',
  'prepareProcess',
  'recordAudit',
  'watchGuard',
]);
