import { expect, test } from '@jest/globals';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { aboutIncident } from './about.ts';

const options = { data: '/nonexistent' };
const unknown = aboutIncident((_options, id) =>
  Promise.reject(new FirebreakFailure('input.unknown-incident', `there is no incident or run ${id}`)),
);

test('fewer characters than tell a key apart are said to be too few, where they are no name by themselves', async () => {
  await expect(unknown(options, '6fa')).rejects.toMatchObject({
    code: 'input.unknown-incident',
    message: 'there is no incident or run 6fa; the beginning of a longer key has at least 8 characters',
  });
  const found = aboutIncident((_options, id) => Promise.resolve({ data: { id }, lines: [] }));
  expect(await found(options, 'fade')).toMatchObject({ data: { id: 'fade' } });
  await expect(unknown(options, 'mine')).rejects.toMatchObject({ message: 'there is no incident or run mine' });
});
