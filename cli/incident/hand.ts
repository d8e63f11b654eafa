import type { OrderKind } from '../../domain/committee/order.ts';
import { canonicalBytes, sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { judgeAnswers } from '../../domain/playbook/form.ts';
import type { FormField } from '../../domain/playbook/plan.ts';
import { itemTypeOf, type PlanValue, valueFrom } from '../../domain/playbook/value.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { answerTask, handOrder, type RunView } from '../../workflows/run-playbook/messages.ts';
import { withClient } from '../coordinator.ts';
import { readOrder } from '../documents.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { runNamed, send, theOpen, viewOf } from './find.ts';
import { sendSigned } from './following.ts';

/** Hands an order that the committee signed to a run; the run hands it to every validator. */
export async function giveOrder(options: { readonly data: string }, id: string, file: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  const signed = readOrder(file);
  return withClient(operator, async (client) => {
    const workflowId = runNamed(operator, id);
    // With its signatures: the same order, signed by more, is another message to a run that asked for it again.
    const updateId = `order-${sha256Hex(canonicalBytes(signed))}`;
    const { kind } = signed.order;
    const { orders } = await viewOf(client, workflowId);
    const { isAwaited, ...hint } = afterHanding(orders, kind, id, file);
    const { number } = await sendSigned(client, workflowId, () =>
      client.workflow.getHandle(workflowId).executeUpdate(handOrder, { args: [signed], updateId }),
    );
    return {
      data: { workflowId, number, isAwaited },
      lines: [`order ${number} is with ${workflowId}`, ...hint.lines],
      next: hint.next,
    };
  });
}

/**
 * Whoever asked for it may have asked in vain for a step to hand it on: a lift after an undo is sent by people. What nobody has asked for is
 * meant for a later step, and sent it would count before its time.
 */
export function afterHanding(orders: RunView['orders'], kind: OrderKind, id: string, file: string) {
  const asked = orders.filter((order) => order.kind === kind);
  const isAwaited = asked.some(({ isWaitedFor }) => isWaitedFor);
  const isForPeople = !isAwaited && asked.length > 0;
  const kept = `  no step waits for a ${kind}: the run keeps it for a later one, and validators have not heard of it`;
  return {
    isAwaited,
    lines: isAwaited ? [] : isForPeople ? [kept] : [kept, '  order send would make it count at once'],
    next: isForPeople ? `order send ${file}` : `incident show ${id}`,
  };
}

export type AnswerOptions = {
  readonly data: string;
  readonly by: string;
  readonly step?: string;
  readonly field: readonly string[];
};

/** Fills in the form that a run waits for. */
export async function answer(options: AnswerOptions, id: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const workflowId = runNamed(operator, id);
    const { tasks } = await viewOf(client, workflowId);
    const task = theOpen(tasks, ({ step }) => step, options.step, 'form');
    const judged = judgeAnswers(task.form, typedFields(task.form, options.field));
    if (!judged.ok) throw failureOf(judged.refusal);
    await send(client, () =>
      client.workflow
        .getHandle(workflowId)
        .executeUpdate(answerTask, { args: [{ step: task.step, by: options.by, answers: judged.value }] }),
    );
    return {
      data: { workflowId, step: task.step, answers: judged.value },
      lines: [`step ${task.step} is answered`],
      next: `incident show ${id}`,
    };
  });
}

/** `what=smoke` as the field's type says; what it is not stays text, and the form refuses it. */
function typedFields(
  form: Readonly<Record<string, FormField>>,
  given: readonly string[],
): Readonly<Record<string, PlanValue>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name = '', written = ''] = /^([^=]+)=([^]*)$/.exec(text) ?? [];
      if (name === '') throw new FirebreakFailure('input.usage', `"${text.slice(0, 60)}" is not name=value`);
      const type = Object.hasOwn(form, name) ? form[name]?.type : undefined;
      if (type === undefined || itemTypeOf(type) !== undefined) return [name, written];
      const plain = type === 'bool' ? (written === 'true' ? true : written === 'false' ? false : written) : written;
      const value =
        (type === 'int' || type === 'validator') && /^-?[0-9]{1,15}$/.test(written) ? Number(written) : plain;
      return [name, valueFrom(value, type) ?? written];
    }),
  );
}
