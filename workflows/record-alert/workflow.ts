import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  patched,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { alertKey } from '../../domain/alert/alert.ts';
import { answeredSignal } from '../answer-alerts/messages.ts';
import { openIncident } from '../answer-alerts/open.ts';
import { incidentNamedIn } from '../answer-alerts/state.ts';
import { alertHeardSignal, incidentId } from '../incident/messages.ts';
import { heardAs } from '../lib/refused.ts';
import { trackProgress } from '../lib/track.ts';
import { HISTORY_EVENTS_MAX } from '../settings.ts';
import { alertRecordQuery, deliveredSignal, type RecordAlertInput, type RecordAlertResult } from './messages.ts';
import { ask, incidentOf } from './open.ts';
import {
  type AlertRecord,
  deliveredFrom,
  heard,
  mustOpen,
  NOTHING_HEARD,
  outcomeOf,
  over,
  type RecordPhase,
  standing,
  waitMs,
} from './state.ts';

/** Room for what one delivery and the opening of the incident add. */
const HISTORY_ROOM = 200;
/** Whoever is asked may be ended by a click before it answers. */
const ASK_AGAIN_MS = 10_000;

/**
 * One alert. It exists before its sender is answered; from here on the incident is opened whatever happens to whoever heard it. The
 * record runs as long as the alert does, so that repeats find it, and ends when the alert is resolved or nothing more is heard.
 */
export async function recordAlert(input: RecordAlertInput): Promise<RecordAlertResult> {
  const { alert, match, response } = input;
  let record: AlertRecord = input.carried ?? NOTHING_HEARD;
  setHandler(deliveredSignal, (said: unknown) => {
    const delivered = heardAs('delivered', said, deliveredFrom);
    if (delivered !== undefined) record = heard(record, delivered);
  });
  setHandler(answeredSignal, (said: unknown) => {
    const incident = heardAs('answered', said, incidentNamedIn);
    if (incident !== undefined && record.incident === undefined) record = { ...record, incident };
  });
  setHandler(alertRecordQuery, () => record, {
    description: 'How often the alert was heard, and which incident answers it.',
  });
  const track = trackProgress<RecordPhase>({
    phase: 'recorded',
    awaitingRole: 'nobody',
    next: 'Nobody: the alert is being read.',
    meanwhile: 'Its sender is told that it is recorded.',
    percent: 0,
    ...standing(record, match),
  });
  const asksFor = match.chosen !== undefined && response !== undefined ? { chosen: match.chosen, response } : undefined;
  const isAsking = (): boolean => asksFor !== undefined && mustOpen(record);
  for (;;) {
    if (asksFor !== undefined && isAsking()) {
      const { chosen } = asksFor;
      if (!patched('alerts-share-incidents')) {
        // Records from before: each opened its own.
        const own = incidentOf(alert, chosen, asksFor.response);
        await openIncident(own);
        record = { ...record, incident: incidentId(own.network, own.key) };
      } else if (await ask(alert, chosen, asksFor.response))
        await condition(() => !isAsking(), ASK_AGAIN_MS, { summary: 'Until it is told which incident answers it' });
    }
    track.change(standing(record, match));
    if (!isAsking()) {
      const known = record;
      const left = waitMs(known, Date.now());
      if (left === 0) break;
      await condition(() => record !== known, left, { summary: 'Until it is heard of again' });
    }
    if (workflowInfo().historyLength > HISTORY_EVENTS_MAX - HISTORY_ROOM) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof recordAlert>({ ...input, carried: record });
    }
  }
  await tellIncident(record, input);
  track.change(over(record));
  return { outcome: outcomeOf(record), record };
}

/** The incident that answers the alert hears that it is over; an incident that is over itself hears nothing. */
async function tellIncident({ incident, resolved }: AlertRecord, { alert }: RecordAlertInput): Promise<void> {
  // Records from before incidents knew their alerts end without it.
  if (incident === undefined || resolved === 0 || !patched('incident-hears-alerts')) return;
  const { name, source } = alert;
  await getExternalWorkflowHandle(incident)
    .signal(alertHeardSignal, { name, source, status: 'resolved', atMs: Date.now(), key: alertKey(alert) })
    .catch(() => undefined);
}
