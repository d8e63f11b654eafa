import {
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { inertText } from '../../domain/alert/text.ts';
import { alertKey } from '../../domain/alert/alert.ts';
import { alertHeardSignal, incidentId } from '../incident/messages.ts';
import { heardAs } from '../lib/refused.ts';
import { trackProgress } from '../lib/track.ts';
import { HISTORY_EVENTS_MAX } from '../settings.ts';
import {
  type AnswerAlertsInput,
  type AnswerAlertsResult,
  answeredSignal,
  type Asked,
  askedSignal,
  responseEndedSignal,
} from './messages.ts';
import { openIncident } from './open.ts';
import {
  type AnswerPhase,
  askedFrom,
  incidentNamedIn,
  joins,
  type OpenIncident,
  OVER,
  standing,
  type Told,
  toldBefore,
  withAlert,
  withTold,
} from './state.ts';

/** Far below what a history may have: however many ask while one of them is answered, there is room. */
const HISTORY_SOFT = HISTORY_EVENTS_MAX / 3;
/** An incident that no alert has asked for in so long is looked for no more; whatever fires then opens another. */
const SILENCE_MS = 30 * 86_400_000;
const SUMMARY_MAX = 500;
/** A record that asks twice is told once, or the same twice. */
const ONE_ANSWER = 'one-answer-for-a-record';

/**
 * One answer to alerts: a playbook with its inputs on a network. The first alert opens the incident, and every other one joins it, one
 * after the other, for as long as the run of its playbook goes on. That an incident is there is never believed: each alert that joins is
 * told to it, and where nobody hears it another incident is opened.
 */
export async function answerAlerts(input: AnswerAlertsInput): Promise<AnswerAlertsResult> {
  return CancellationScope.nonCancellable(() => answer(input));
}

async function answer({ network, playbook, ...given }: AnswerAlertsInput): Promise<AnswerAlertsResult> {
  const state: { open: OpenIncident | undefined; told: number } = { open: given.open, told: 0 };
  let answers: Told = given.told ?? {};
  const waiting: Asked[] = [...given.asked];
  setHandler(
    askedSignal,
    (said: unknown) => {
      const asked = heardAs('asked', said, askedFrom);
      if (asked === undefined) return;
      const queued = waiting.findIndex(({ record }) => record === asked.record);
      if (queued !== -1 && patched(ONE_ANSWER)) waiting[queued] = asked;
      else waiting.push(asked);
    },
    { description: 'An alert asks which incident answers it, from its record.' },
  );
  setHandler(
    responseEndedSignal,
    (said: unknown) => {
      if (heardAs('responseEnded', said, incidentNamedIn) === state.open?.id) state.open = undefined;
    },
    { description: 'The run of an incident has ended, from that incident.' },
  );
  const track = trackProgress<AnswerPhase>({
    phase: 'opening',
    awaitingRole: 'nobody',
    next: 'Nobody: an alert is being answered.',
    meanwhile: 'It waits.',
    percent: 0,
    ...standing(state.open),
  });
  const isFull = (): boolean => workflowInfo().historyLength > HISTORY_SOFT;
  for (;;) {
    // Whoever still waits asks again.
    if (isFull()) {
      const { open } = state;
      await continueAsNew<typeof answerAlerts>({
        network,
        playbook,
        asked: [],
        ...(open === undefined ? {} : { open }),
        told: answers,
      });
    }
    const asked = waiting.shift();
    if (asked !== undefined) {
      const before = toldBefore(answers, asked);
      const incident = before !== undefined && patched(ONE_ANSWER) ? before : await incidentFor(state, asked);
      answers = withTold(answers, asked, incident);
      state.told += 1;
      track.change(standing(state.open));
      await getExternalWorkflowHandle(asked.record)
        .signal(answeredSignal, { incident })
        // A record that somebody ended asks nothing more.
        .catch(() => undefined);
      continue;
    }
    if (state.open === undefined) break;
    const moved = await condition(() => waiting.length > 0 || state.open === undefined || isFull(), SILENCE_MS, {
      summary: 'Until another alert asks, or the run has ended',
    });
    if (!moved) break;
  }
  track.change(OVER);
  return { told: state.told };
}

async function incidentFor(state: { open: OpenIncident | undefined }, asked: Asked): Promise<string> {
  const { alert, incident: input } = asked;
  const { open } = state;
  if (open !== undefined && joins(open, alert) && (await isHeard(open.id, alert))) {
    // Its run may have ended meanwhile: then the next alert opens another incident.
    if (state.open === open) state.open = withAlert(open, alert);
    return open.id;
  }
  const id = incidentId(input.network, input.key);
  // Before it is opened: its end may be heard sooner than its beginning.
  const opening = withAlert({ id, alerts: {} }, alert);
  state.open = opening;
  if (!(await openIncident(input)) && !(await isHeard(id, alert)) && state.open === opening) state.open = undefined;
  return id;
}

/** Tells an incident that the alert fires. False: it is over. */
const isHeard = (incident: string, alert: Asked['alert']): Promise<boolean> => {
  const { name, source, startedAtMs, summary } = alert;
  return getExternalWorkflowHandle(incident)
    .signal(alertHeardSignal, {
      name,
      source,
      status: 'firing',
      atMs: startedAtMs,
      key: alertKey(alert),
      summary: inertText(summary, SUMMARY_MAX),
    })
    .then(
      () => true,
      () => false,
    );
};
