import { type Alert, alertFrom } from '../domain/alert/alert.ts';
import { type Match, matchAlert, type Unfit } from '../domain/alert/match.ts';
import { accept, FirebreakFailure, refuse, type Verdict } from '../domain/errors/failure.ts';
import type { AlertDelivery, AlertSource } from '../domain/ports/alert-source.ts';
import type { RecordAlertInput } from '../workflows/record-alert/messages.ts';
import type { SourceConfig } from './config.ts';
import type { AlertStore, Recorded } from './engine.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Response } from './playbooks.ts';
import { Rates } from './rates.ts';

/** How many alerts of one delivery are recorded side by side. */
const TOGETHER_MAX = 20;

export type Intake = {
  readonly sources: ReadonlyMap<string, { readonly config: SourceConfig; readonly source: AlertSource }>;
  /** As they are now: new signatures may come under a plan while the api runs. */
  readonly responses: () => readonly Response[];
  readonly unfit: readonly Unfit[];
  readonly store: AlertStore;
  readonly metrics: ApiMetrics;
  /** By source, Unix milliseconds at which its always-firing alert came last. */
  readonly heartbeats: Map<string, number>;
  readonly strangers: Rates;
  readonly warn: (fields: Record<string, unknown>, message: string) => void;
};

/** A refusal may say after how many seconds the sender should try again. */
export type Taken = Verdict<readonly Recorded[]> | (Verdict<never> & { readonly retrySeconds: number });

/**
 * From bytes to records: who sent it, what it says, which playbook answers, and only then, durably, that it was heard. A yes means
 * that every alert of the delivery has its execution. After a no of the store some may have: a repeat finds them.
 */
export function createIntake(
  intake: Intake,
): (name: string, address: string, delivery: AlertDelivery) => Promise<Taken> {
  const rates = new Map([...intake.sources].map(([name, { config }]) => [name, new Rates(config.deliveriesPerMinute)]));
  return async (name, address, delivery) => {
    const known = intake.sources.get(name);
    if (known === undefined) return refuse('input.alert-source', 'there is no source of this name');
    const { config, source } = known;
    const authentic = asked(name, () => source.authenticate(delivery));
    if (!authentic.ok) {
      // Whoever is right is never kept out by strangers at the same address; strangers wait longer and longer.
      const taken = intake.strangers.take(address, delivery.receivedAtMs);
      return taken.ok ? authentic : tooMany('this address was wrong too often', taken.retrySeconds);
    }
    const taken = rates.get(name)?.take(name, delivery.receivedAtMs);
    if (taken?.ok === false)
      return tooMany(
        `source ${name} sent more than ${config.deliveriesPerMinute} deliveries in a minute`,
        taken.retrySeconds,
      );
    const report = asked(name, () => source.parse(delivery));
    if (!report.ok) return report;
    if (report.value.leftOut > 0) {
      intake.metrics.add('firebreak_alerts_left_out_total', { source: name }, report.value.leftOut);
      intake.warn({ source: name, leftOut: report.value.leftOut }, 'alerts were left out of a delivery by its sender');
    }
    return recordAll(
      intake,
      config,
      beatingApart(intake, config, report.value.alerts, delivery.receivedAtMs),
      delivery.receivedAtMs,
    );
  };
}

/** A plug-in may throw, or give anything, also a promise that nobody keeps. What it says then may quote its secret, and goes nowhere. */
function asked<T>(name: string, ask: () => Verdict<T>): Verdict<T> {
  try {
    const verdict: Partial<Verdict<T>> | undefined = ask();
    if (typeof verdict?.ok === 'boolean') return verdict as Verdict<T>;
    // A rejection that nobody looks at would end the process, and print what it says.
    Promise.resolve(verdict).catch(() => undefined);
  } catch {
    // said below
  }
  return refuse('bug.alert-source', `the plug-in of source ${name} threw, or gave what is no verdict`);
}

const tooMany = (message: string, retrySeconds: number): Taken => ({
  ...refuse('policy.alert-rate', message, { retrySeconds }),
  retrySeconds,
});

type Reported = Parameters<typeof alertFrom>[1];

/** The alerts without the one that always fires: it is no alert, it says that its sender and the way to here work. */
function beatingApart(
  { heartbeats, metrics }: Pick<Intake, 'heartbeats' | 'metrics'>,
  { name: source, heartbeatAlert }: SourceConfig,
  alerts: readonly Reported[],
  atMs: number,
): readonly Reported[] {
  if (alerts.some(({ name, status }) => name === heartbeatAlert && status === 'firing')) {
    heartbeats.set(source, atMs);
    metrics.set('firebreak_api_heartbeat_timestamp_seconds', Math.floor(atMs / 1_000), { source });
  }
  return alerts.filter(({ name }) => name !== heartbeatAlert);
}

async function recordAll(
  { responses: current, unfit, store, metrics }: Intake,
  { name: source, limits }: SourceConfig,
  alerts: readonly Reported[],
  atMs: number,
): Promise<Verdict<readonly Recorded[]>> {
  const [onlyNetwork] = limits.networks.length === 1 ? limits.networks : [];
  const responses = current();
  const candidates = responses.map(({ candidate }) => candidate);
  const recorded: Recorded[] = [];
  try {
    for (let at = 0; at < alerts.length; at += TOGETHER_MAX) {
      const some = alerts.slice(at, at + TOGETHER_MAX).map(async (reported) => {
        const alert = alertFrom(source, reported, onlyNetwork);
        const match = matchAlert(alert, candidates, limits, unfit);
        const answer = match.chosen === undefined ? 'unanswered' : 'answered';
        const result = await store.record(inputOf(alert, match, responses), { status: reported.status, atMs });
        const outcome = result.state === 'over' ? 'over' : reported.status === 'resolved' ? 'resolved' : answer;
        metrics.add('firebreak_alerts_total', { source, outcome });
        return result;
      });
      recorded.push(...(await Promise.all(some)));
    }
    return accept(recorded);
  } catch (error) {
    if (error instanceof FirebreakFailure && error.family === 'unavailable') return refuse(error.code, error.message);
    throw error;
  }
}

function inputOf(alert: Alert, match: Match, responses: readonly Response[]): RecordAlertInput {
  const response = responses.find(({ candidate }) => candidate.digest === match.chosen?.digest)?.response;
  return response === undefined ? { alert, match } : { alert, match, response };
}
