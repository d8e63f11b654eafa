import { viewOf } from '../../cli/incident/find.ts';
import { validatorName } from '../../domain/network/network.ts';
import { EMERGENCY_PLAYBOOK } from '../committee.ts';
import { runCopy } from '../copy.ts';
import { firingSince } from '../monitoring/firing.ts';
import { CHANNELS, readKept } from '../receivers/kept.ts';
import { makeDeposit, makeVault } from '../story.ts';
import { incidentSince, untilFinished, untilRun } from './incident.ts';
import { reportsOf } from './reports.ts';
import { type EmergencyStage, handled, note, VAULT_COUNT } from './stage.ts';
import { typeVerb } from './type-verb.ts';
import { witness } from './witness.ts';

const ALERT_MS = 240_000;
const FREEZE_MS = 180_000;
const STEP_MS = 300_000;
const CHANNELS_NEEDED = 2;
/** The rule of ops/alerts that answers a copy. */
const COPY_ALERT = 'ValidatorCopyRunning';

export async function vaultsWithCoins(stage: EmergencyStage): Promise<string> {
  const { network, chain, client } = stage;
  while (stage.held.length < VAULT_COUNT) {
    const vault = await makeVault(network);
    stage.held.push({ vault, deposit: await makeDeposit(network, chain, vault, client) });
  }
  return stage.held
    .map(({ vault }) => vault.address.slice(0, 16))
    .join('…, ')
    .concat('…');
}

export async function startCopy(stage: EmergencyStage): Promise<string> {
  stage.startedAtMs = Date.now();
  stage.copy = await runCopy(stage.network, stage.suspect);
  note(
    stage,
    'somebody',
    `started a copy of ${validatorName(stage.suspect)} that was taken before its last signature`,
    stage.startedAtMs,
  );
  return `from ${stage.copy.dir}`;
}

export async function alertOpens(stage: EmergencyStage): Promise<string> {
  const { network, client, startedAtMs = 0 } = stage;
  const incident = await witness(
    { what: 'an incident that an alert opened', timeoutMs: ALERT_MS, signal: network.signal },
    () => incidentSince(network, client, EMERGENCY_PLAYBOOK, startedAtMs),
  );
  stage.incident = incident;
  note(stage, 'Prometheus', `${COPY_ALERT} fires`, await firingSince(network, COPY_ALERT));
  note(stage, 'Firebreak', `opened the incident, ${incident.severity}`, incident.openedAtMs);
  return `${incident.severity} ${incident.key.slice(0, 12)}…, ${seconds(incident.openedAtMs - startedAtMs)} after the copy began`;
}

/** What validators say of themselves, and not what the run believes. */
export async function frozen(stage: EmergencyStage): Promise<string> {
  const { network, startedAtMs = 0 } = stage;
  await untilFinished(handled(stage), 'frozen', STEP_MS);
  const held = await witness(
    { what: 'the freeze in every validator', timeoutMs: FREEZE_MS, signal: network.signal },
    async () => {
      const reports = await reportsOf(stage);
      const free = reports.filter(({ frozenUntilSeconds }) => frozenUntilSeconds === undefined);
      if (free.length === 0) return reports;
      throw new Error(`${free.length} of ${reports.length} are not frozen`);
    },
  );
  stage.freeze = Math.max(0, ...held.map(({ status }) => Number(status['order_number'] ?? 0)));
  note(stage, 'validators', `all ${held.length} say that payouts are frozen`);
  return `in all ${held.length} validators, ${seconds(Date.now() - startedAtMs)} after the copy began`;
}

/** The page, as whoever was paged has it. */
export async function paged(stage: EmergencyStage): Promise<string> {
  const { network, startedAtMs = 0 } = stage;
  const heard = await witness(
    { what: `a page on ${CHANNELS_NEEDED} channels`, timeoutMs: STEP_MS, signal: network.signal },
    async () => {
      const pages = CHANNELS.flatMap((channel) => {
        const [first] = readKept(network.layout.receivers.dir, channel).filter(
          ({ atMs, headline, text }) => atMs >= startedAtMs && /frozen/i.test(`${headline} ${text}`),
        );
        return first === undefined ? [] : [{ channel, atMs: first.atMs }];
      });
      return pages.length >= CHANNELS_NEEDED ? pages : undefined;
    },
  );
  for (const { channel, atMs } of heard) note(stage, channel, 'received the page', atMs);
  return heard.map(({ channel }) => channel).join(', ');
}

/** A person does what no program can: looks at the machine, and says what it was. */
export async function looked(stage: EmergencyStage): Promise<string> {
  const { layout } = stage.network;
  const { incident } = handled(stage);
  await untilFinished(handled(stage), 'evidence', STEP_MS);
  await untilRun(handled(stage), 'the form for operations', STEP_MS, ({ tasks }) =>
    tasks.find(({ step }) => step === 'inspect'),
  );
  const by = `operator of ${validatorName(stage.suspect)}`;
  const form = ['--field', 'verdict=theft', '--field', 'note=a second process runs from a copied folder'];
  const where = ['--step', 'inspect', '--data', layout.root];
  const expected = { what: 'the answer of operations', timeoutMs: STEP_MS, signal: stage.network.signal };
  // Whoever types it meets a machine on which workers come and go, and types it again.
  await witness(expected, () =>
    typeVerb(layout.operator.dir, ['incident', 'answer', incident.key, '--by', by, ...form, ...where]).catch(
      async (error: unknown) => {
        const { tasks } = await viewOf(stage.client, incident.run);
        if (tasks.some(({ step }) => step === 'inspect')) throw error;
        return {};
      },
    ),
  );
  note(stage, 'operator', 'answered: theft');
  return 'gathered; answered by an operator: theft';
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
