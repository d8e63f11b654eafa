import { expect, test } from '@jest/globals';
import { httpAddress } from './address.ts';

const said = (text: string): string => httpAddress().safeParse(text).error?.issues[0]?.message ?? 'good';

test.each([
  ['https://siren.example.org/firebreak', 'good'],
  ['http://127.0.0.1:9/', 'good'],
  ['http://siren.example.org/', 'must begin with https://'],
  ['https://me:secret@siren.example.org/', 'must begin with https://'],
  ['nowhere', 'write an address such as'],
  ['', 'write an address such as'],
])('%p as an address is answered with words', (text, says) => {
  expect(said(text)).toContain(says);
});
