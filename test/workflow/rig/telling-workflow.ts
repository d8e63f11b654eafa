import { condition, defineUpdate, getExternalWorkflowHandle, setHandler, upsertMemo } from '@temporalio/workflow';
import { takeUpdate } from '../../../workflows/lib/updates.ts';

const heard = defineUpdate<number, [number]>('heard');

/** Tells another workflow what it has heard, one message at a time, as a run tells its incident. */
async function telling(take: (handler: (word: number) => number) => void): Promise<void> {
  const words = [0];
  let told = 0;
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
  take((word) => {
    words.push(word);
    say();
    upsertMemo({ word });
    return words.length;
  });
  say();
  await condition(() => words.length > 9);
}

const FINE = { description: 'A word.', validator: (_word: number): void => undefined };

export const tellingInTheEnd = (): Promise<void> => telling((handler) => takeUpdate(heard, handler, FINE));
export const tellingAtOnce = (): Promise<void> => telling((handler) => setHandler(heard, handler, FINE));
