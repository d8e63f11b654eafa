import { defineSignal } from '@temporalio/workflow';
import type { Alert } from '../../domain/alert/alert.ts';
import { type Answer, answerKey } from '../../domain/alert/answer.ts';
import type { IncidentInput } from '../incident/messages.ts';
import { type StartOptions, startOptions } from '../lib/start.ts';
import { DEFAULT_TASK_QUEUE } from '../settings.ts';
import type { OpenIncident, Told } from './state.ts';

/** Workflow type: holds which incident answers all alerts that ask for one playbook with the same inputs; opens it for the first of them. */
export const ANSWER_ALERTS = 'answerAlerts';

/** An alert fires, and its record asks which incident answers it. It may ask again. */
export type Asked = {
  /** Workflow that records the alert and waits to be told. */
  readonly record: string;
  /** Its execution: one that is begun anew after a click asks anew. */
  readonly execution?: string;
  readonly alert: Pick<Alert, 'name' | 'source' | 'fingerprint' | 'startedAtMs' | 'summary'>;
  /** The incident that is opened for it when none is open. */
  readonly incident: IncidentInput;
};
export const askedSignal = defineSignal<[Asked]>('asked');

/** To the record: the incident that answers its alert. */
export type Answered = { readonly incident: string };
export const answeredSignal = defineSignal<[Answered]>('answered');

/** From an incident whose run has ended: what fires from now on has to be answered anew. */
export type ResponseEnded = { readonly incident: string };
export const responseEndedSignal = defineSignal<[ResponseEnded]>('responseEnded');

export type AnswerAlertsInput = {
  readonly network: string;
  readonly playbook: string;
  readonly asked: readonly Asked[];
  /** From the execution before, when its history grew long. */
  readonly open?: OpenIncident;
  readonly told?: Told;
};
export type AnswerAlertsResult = {
  /** How many times a record was told its incident, in this execution. */
  readonly told: number;
};

export const answerAlertsId = (network: string, answer: Answer): string =>
  `answerAlerts/${network}/${answerKey(network, answer)}`;

/** The id is the lock: of two alerts that ask at once one starts it, and the other asks whoever was started. */
export function startAnswerAlerts(
  network: string,
  answer: Answer,
  asked: readonly Asked[],
  taskQueue: string = DEFAULT_TASK_QUEUE,
): StartOptions<AnswerAlertsInput> {
  const { playbook } = answer;
  return startOptions({
    workflowId: answerAlertsId(network, answer),
    taskQueue,
    input: { network, playbook, asked },
    network,
    playbook,
    phase: 'opening',
    summary: `Alerts that ${playbook} answers, for one set of inputs`,
    details: `Alerts that ask for ${playbook} with the same inputs share the incident that is open about it.`,
  });
}
