import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { inertText } from '../../domain/alert/text.ts';
import { pinnedParticipants } from '../../domain/ceremony/participants.ts';
import { FREEZE_RENEWALS_MAX } from '../../domain/committee/renewals.ts';
import { type NetworkGenesis, validatorId, validatorName } from '../../domain/network/network.ts';
import { ANSWER_ALERTS } from '../../workflows/answer-alerts/messages.ts';
import { INCIDENT } from '../../workflows/incident/messages.ts';
import { type Progress, progressQuery } from '../../workflows/lib/progress.ts';
import { RECORD_ALERT } from '../../workflows/record-alert/messages.ts';
import { ROSTER, rosterId, type RosterMemo } from '../../workflows/roster/messages.ts';
import { countFiring } from '../alert/list.ts';
import { processRuns } from '../ceremony/find.ts';
import { voidedAt, voidedLines } from '../committee/voided.ts';
import { SHORT_CONNECT_MS, withClient } from '../coordinator.ts';
import { utc } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { incidentsOf, type ListedIncident } from '../incident/find.ts';
import { readOperator, type Operator } from '../operator.ts';
import { endOfFreeze } from '../order/words.ts';
import type { Outcome } from '../outcome.ts';
import { progressLine } from '../waiting.ts';
import { typed } from '../report.ts';
import { incidentLines, nextFor } from './incidents.ts';
import { askIntake, intakeLines } from './intake.ts';
import { askReport, type ValidatorReport } from './reports.ts';
import { askWatchdog, watchdogLine } from './watchdog.ts';

/** What a devnet keeps in its folder about itself. */
const DEVNET_STATE = 'devnet.json';
const RUNNING_SHOWN_MAX = 20;
const ALERTS_COUNTED_MAX = 200;
/** An engine that restarts is down for a status; the SDK alone would ask again for twenty seconds, for each process. */
const ENGINE_MS = 5_000;

/** The roster stands in its own line, an incident in one with its runs, and alerts are counted. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set([ROSTER, INCIDENT, RECORD_ALERT, ANSWER_ALERTS]);

type Waiting = { readonly workflowId: string; readonly progress: Progress | undefined };
type Engine =
  | {
      readonly up: true;
      readonly incidents: readonly ListedIncident[];
      /** Alerts that fire, as far as their senders said. */
      readonly alerts: number;
      /** Processes that belong to no incident. */
      readonly running: readonly Waiting[];
      readonly paused: RosterMemo['paused'];
    }
  | { readonly up: false };

/** The whole network on one screen; exit code 3 when too few validators answer to sign anything. */
export async function status(options: { readonly data: string }): Promise<Outcome> {
  const operator = readOperator(options.data);
  const [reports, engine, watchdog, intake] = await Promise.all([
    Promise.all(operator.validators.map(askReport)),
    askEngine(operator),
    operator.watchdog === undefined ? undefined : askWatchdog(operator.watchdog),
    operator.api === undefined ? undefined : askIntake(operator.api),
  ]);
  const up = reports.filter((report) => report.up);
  const ready = up.filter((report) => report.state === 'ready').length;
  const signing = signersAmong(operator.genesis, reports);
  const canSign = signing.filter(({ state }) => state === 'ready').length;
  const frozen = up.flatMap((report) => report.frozenUntilSeconds ?? []);
  const { threshold, name, environment } = operator.genesis;
  // What most say: one validator alone makes nothing void.
  const [[epoch] = [operator.genesis.committee.epoch]] = counted(up.map((report) => report.committeeEpoch));
  const voided = voidedAt(epoch, { intake, grants: operator.grants });
  return {
    data: {
      network: name,
      environment,
      online: up.length,
      ready,
      threshold,
      canSign,
      frozen: frozen.length,
      validators: reports.map((report, index) => ({ id: validatorName(validatorId(index + 1)), ...report })),
      temporal: engine,
      ...(watchdog === undefined ? {} : { watchdog }),
      ...(intake === undefined ? {} : { api: intake }),
      voided,
      ...(operator.temporalUi === undefined ? {} : { temporalUi: operator.temporalUi }),
    },
    lines: [
      `${name} (${environment})`,
      ...(engine.up ? incidentLines(engine.incidents) : []),
      `  validators ${up.length} of ${reports.length} up, ${ready} ready; ${canSign} can sign, ${threshold} needed: ${canSign >= threshold ? 'CAN SIGN' : 'CANNOT SIGN'}`,
      ...reports.flatMap((report, index) => exceptionLine(validatorName(validatorId(index + 1)), report)),
      payoutLine(frozen, up.length, reports.length),
      ...brakeLines(up.map((report) => report.frozenBy)),
      ...renewalLines(up.map((report) => report.freezesLeft)),
      ...committeeLine(
        up.map((report) => report.committeeEpoch),
        operator.genesis.committee.epoch,
      ),
      ...voidedLines(epoch, voided),
      engine.up
        ? `  Temporal   UP${operator.temporalUi === undefined ? '' : `, ${operator.temporalUi}`}`
        : `  Temporal   DOWN at ${operator.temporal.address}; orders work without it`,
      ...(intake === undefined ? [] : intakeLines(intake)),
      ...(watchdog === undefined ? [] : [watchdogLine(watchdog, Date.now())]),
      ...(engine.up ? pausedLines(engine.paused) : []),
      ...(engine.up && engine.alerts > 0
        ? [typed(`  alerts     ${engine.alerts} firing: \`firebreak alert list\``)]
        : []),
      ...(engine.up
        ? engine.running.map(
            ({ workflowId, progress }) => `  running    ${workflowId}${progress ? `: ${progressLine(progress)}` : ''}`,
          )
        : []),
    ],
    ...(up.length === 0
      ? { next: nextWhenSilent(operator.folder, engine.up) }
      : engine.up
        ? nextFor(engine.incidents)
        : {}),
    exitCode: signing.length >= threshold ? EXIT.done : EXIT.unreachable,
  };
}

/** A network of this machine that was stopped only has to be started; of any other silence the doctor knows more. */
export const nextWhenSilent = (folder: string, engineUp: boolean): 'up' | 'doctor' =>
  !engineUp && existsSync(join(folder, DEVNET_STATE)) ? 'up' : 'doctor';

/** Whoever answers and has a share of the newest active key; before the first key, whoever will make it. */
export function signersAmong(
  genesis: Pick<NetworkGenesis, 'validators'>,
  reports: readonly ValidatorReport[],
): readonly (ValidatorReport & { readonly up: true })[] {
  const up = reports.flatMap((report, at) => (report.up ? [{ report, id: validatorId(at + 1) }] : []));
  const active = ({ keys }: (typeof up)[number]['report']) => keys.filter(({ state }) => state === 'active');
  const epoch = Math.max(0, ...up.flatMap(({ report }) => active(report).map((key) => key.epoch)));
  const pinned = new Set(pinnedParticipants(genesis));
  return up
    .filter(({ report, id }) =>
      epoch === 0 ? pinned.has(id) : active(report).some((key) => key.epoch === epoch && key.share),
    )
    .map(({ report }) => report);
}

/** Each validator obeys for itself, so a freeze is counted and not assumed, and silence is not a yes. */
export function payoutLine(frozen: readonly number[], answered: number, validators: number): string {
  if (frozen.length > 0)
    return `  payouts    FROZEN at ${frozen.length} of ${validators} validators ${endOfFreeze(Math.max(...frozen))}`;
  if (answered === 0) return '  payouts    UNKNOWN: no validator answers';
  return answered === validators ? '  payouts    ALLOWED' : `  payouts    ALLOWED by the ${answered} that answer`;
}

/** By what payouts stand still; validators may have been frozen by different things. */
export const brakeLines = (brakes: readonly (string | undefined)[]): string[] =>
  counted(brakes).map(([brake, times]) => `    by       ${brake} (${times})`);

/** Nothing while nobody has begun a row: then three members can freeze as always. */
export const renewalLines = (left: readonly (number | undefined)[]): string[] =>
  left.every((each) => each === undefined || each > FREEZE_RENEWALS_MAX)
    ? []
    : counted(left).map(
        ([each, times]) => `    left     ${each} freezes in a row without the change quorum (${times})`,
      );

/** Which committee is obeyed; more than one only while a hand-over goes round. After one, `pinned` alone judges nothing right. */
export function committeeLine(epochs: readonly (number | undefined)[], pinned: number): string[] {
  const said = counted(epochs);
  if (said.length === 0) return [];
  const words = said.map(([epoch, times]) => `epoch ${epoch}${said.length === 1 ? '' : ` at ${times}`}`).join(', ');
  const isLater = said.some(([epoch]) => epoch > pinned);
  return [
    `  committee  ${words}${isLater ? `; network.json pins epoch ${pinned}: give --chain where members sign` : ''}`,
  ];
}

/** How many say each, the most said first. */
function counted<T>(said: readonly (T | undefined)[]): readonly (readonly [T, number])[] {
  const times = new Map<T, number>();
  for (const each of said) if (each !== undefined) times.set(each, (times.get(each) ?? 0) + 1);
  return [...times].sort(([, one], [, other]) => other - one).slice(0, WORDS_SHOWN_MAX);
}
const WORDS_SHOWN_MAX = 5;

/** Only what is not as it should be. */
function exceptionLine(name: string, report: ValidatorReport): string[] {
  if (!report.up) return [`    ${name}  DOWN: ${report.why}`];
  return report.state === 'ready' ? [] : [`    ${name}  ${report.state.toUpperCase()}`];
}

/** Stands in the memo of the run, so that no worker is needed to say it; a network that never paused anyone has no such run. */
async function askPaused(client: Client, { genesis }: Operator): Promise<RosterMemo['paused']> {
  const described = await client.workflow
    .getHandle(rosterId(genesis.name))
    .describe()
    .catch(() => undefined);
  return (described?.memo as RosterMemo | undefined)?.paused ?? [];
}

/** Whom playbooks leave out while there are others. */
export const pausedLines = (paused: RosterMemo['paused']): string[] =>
  paused.map(
    ({ validator, reason, sinceMs }) =>
      `  paused     ${validatorName(validator)} since ${utc(sinceMs / 1_000)}: ${inertText(reason, 60)}`,
  );

async function askEngine(operator: Operator): Promise<Engine> {
  const ask = (client: Client): Promise<Engine> =>
    client.withDeadline(Date.now() + ENGINE_MS, async () => {
      const all = (await processRuns(client, operator, 200)).filter((run) => run.status === 'running');
      const incidents = all.some(({ type }) => type === INCIDENT) ? await incidentsOf(client, operator, 200) : [];
      const isOfIncident = (id: string): boolean => incidents.some(({ run }) => id === run || id.startsWith(`${run}/`));
      const running = all
        .filter(({ type, workflowId }) => !SAID_OTHERWISE.has(type) && !isOfIncident(workflowId))
        .slice(0, RUNNING_SHOWN_MAX);
      const asked = running.map(async ({ workflowId }) => ({
        workflowId,
        progress: await client.workflow
          .getHandle(workflowId)
          .query(progressQuery)
          .catch(() => undefined),
      }));
      return {
        up: true as const,
        incidents: incidents.filter(({ status: now }) => now === 'running').slice(0, RUNNING_SHOWN_MAX),
        alerts: all.some(({ type }) => type === RECORD_ALERT)
          ? await countFiring(client, operator.genesis.name, ALERTS_COUNTED_MAX)
          : 0,
        running: await Promise.all(asked),
        paused: await askPaused(client, operator),
      };
    });
  try {
    return await withClient(operator, ask, SHORT_CONNECT_MS);
  } catch {
    return { up: false };
  }
}
