import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { takeUpdate } from '../../../workflows/lib/updates.ts';

const heard = defineUpdate<number, [number]>('heard');
const WORDS_MAX = 2;
const HISTORY_MAX = 1_000;

/** Tells another workflow what it has heard, one message at a time, as a run tells its incident, and carries on as new when its history is long. */
async function telling(isInTheEnd: boolean): Promise<void> {
  const words = [0];
  let told = 0;
  let taking = 0;
  let saying: Promise<void> | undefined;
  const sayAll = async (): Promise<void> => {
    while (told < words.length) {
      told = words.length;
      await getExternalWorkflowHandle('another').signal('told', told);
    }
    saying = undefined;
  };
  const say = (): void => {
    saying ??= sayAll();
  };
  const take = (word: number): number => {
    words.push(word);
    say();
    upsertMemo({ word });
    return words.length;
  };
  const options = {
    description: 'A word.',
    validator: (_word: number): void => {
      if (words.length >= WORDS_MAX) throw ApplicationFailure.create({ message: 'there is no room' });
    },
  };
  const during = async <T>(work: Promise<T>): Promise<T> => {
    taking += 1;
    try {
      return await work;
    } finally {
      taking -= 1;
    }
  };
  if (isInTheEnd) takeUpdate(heard, take, { ...options, during });
  else setHandler(heard, take, options);
  say();
  await condition(() => taking === 0 && workflowInfo().historyLength > HISTORY_MAX);
  await continueAsNew<(count: number) => Promise<void>>(words.length);
}

export const tellingInTheEnd = (): Promise<void> => telling(true);
export const tellingAtOnce = (): Promise<void> => telling(false);
