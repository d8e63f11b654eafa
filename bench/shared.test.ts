import { expect, test } from '@jest/globals';
import { share } from './shared.ts';

function counted(fails: { opening?: boolean; closing?: boolean } = {}) {
  const seen = { opened: 0, closed: 0 };
  const shared = share<number>(async (work) => {
    if (fails.opening) throw new Error('it does not open');
    seen.opened += 1;
    await work(seen.opened);
    if (fails.closing) throw new Error('it does not close');
    seen.closed += 1;
  });
  return { shared, seen };
}

test('it is opened once for all who ask, given back once, and opened anew afterwards', async () => {
  const { shared, seen } = counted();
  expect(await Promise.all([shared.open(), shared.open()])).toEqual([1, 1]);
  expect(seen).toEqual({ opened: 1, closed: 0 });
  await shared.close();
  await shared.close();
  expect(seen).toEqual({ opened: 1, closed: 1 });
  expect(await shared.open()).toBe(2);
  await shared.close();
});

test('nothing is opened when nobody asked', async () => {
  const { shared, seen } = counted();
  await shared.close();
  expect(seen).toEqual({ opened: 0, closed: 0 });
});

test('whoever asks for what does not open is told why, and there is nothing to give back', async () => {
  const { shared } = counted({ opening: true });
  await expect(shared.open()).rejects.toThrow('it does not open');
  await expect(shared.open()).rejects.toThrow('it does not open');
  await shared.close();
});

test('what cannot be given back is told', async () => {
  const { shared } = counted({ closing: true });
  await shared.open();
  await expect(shared.close()).rejects.toThrow('it does not close');
});
