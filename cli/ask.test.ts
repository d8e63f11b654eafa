import { expect, test } from '@jest/globals';
import { confirm } from './ask.ts';
import type { Screen } from './screen.ts';

const screen: Screen = { out: () => undefined, err: () => undefined, colour: false, interactive: false };

test('a question without a terminal is refused and names the flag that answers it', async () => {
  await expect(confirm(screen, { text: 'Release these coins?', flag: '--yes', given: false })).rejects.toMatchObject({
    code: 'input.question-without-terminal',
    message: expect.stringContaining('--yes'),
  });
});

test('the flag answers the question beforehand', async () => {
  await expect(confirm(screen, { text: 'Release these coins?', flag: '--yes', given: true })).resolves.toBeUndefined();
});
