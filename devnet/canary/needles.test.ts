import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { foundIn, needlesOf } from './needles.ts';

test('a secret is found in every form, wherever base64 begins, and a neighbour of it is not', () => {
  const secret = randomBytes(32);
  const needles = needlesOf('secret', secret);
  for (const { form, bytes } of needles) {
    const hay = Buffer.concat([Buffer.from('before '), bytes, Buffer.from(' after')]);
    expect([form, foundIn(hay, needles).some((found) => found.form === form)]).toEqual([form, true]);
  }
  for (let before = 0; before < 6; before += 1) {
    const text = Buffer.concat([randomBytes(before), secret, randomBytes(5)]).toString('base64');
    expect(foundIn(Buffer.from(text), needles).length).toBeGreaterThan(0);
  }
  const other = Buffer.from(secret);
  other[16] = (other[16] ?? 0) ^ 1;
  const everything = needlesOf('other', other).map(({ bytes }) => bytes);
  expect(foundIn(Buffer.concat(everything), needles)).toEqual([]);
});
