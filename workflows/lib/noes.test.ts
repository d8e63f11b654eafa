import { expect, test } from '@jest/globals';
import { validatorId } from '../../domain/network/network.ts';
import { commonRefusal, isFinal, roomAtSeconds } from './noes.ts';

const said = (code: Parameters<typeof isFinal>[0]) =>
  [1, 2, 3, 4, 5, 6].map((id) => ({ validator: validatorId(id), code, message: 'no' }));
const verdictOn = (code: Parameters<typeof isFinal>[0]) =>
  commonRefusal(
    said(code).filter((saying) => isFinal(saying.code)),
    15,
    10,
  );

test.each(['policy.frozen', 'conflict.outpoint-locked', 'policy.payout-fee-cap'] as const)(
  'six of fifteen that say %s end the signing',
  (code) => expect(verdictOn(code)).toMatchObject({ code }),
);

test.each(['conflict.nonce-unknown', 'conflict.anchor-orphaned', 'not-yet.confirmations'] as const)(
  'six of fifteen that say %s cost a session, not the signing',
  (code) => expect(verdictOn(code)).toBeUndefined(),
);

const capped = (id: number, at?: number) => ({
  validator: validatorId(id),
  code: 'policy.outflow-cap' as const,
  message: 'no',
  ...(at === undefined ? {} : { roomAtSeconds: at }),
});
const other = (id: number) => ({ validator: validatorId(id), code: 'policy.outflow-size' as const, message: 'no' });

test.each([
  ['nobody is at its cap', [], undefined],
  ['nine others are willing: the first with room is enough', [1, 2, 3, 4, 5, 6].map((id) => capped(id, id * 10)), 10],
  ['eight others are willing: two must have room', [1, 2, 3, 4, 5, 6, 7].map((id) => capped(id, id * 10)), 20],
  ['what a validator said last counts', [capped(1, 10), ...[1, 2, 3, 4, 5, 6].map((id) => capped(id, 50 + id))], 51],
  ['others never sign this', [...[1, 2].map(other), ...[3, 4, 5, 6, 7].map((id) => capped(id, id * 10))], 40],
  ['fourteen others are willing: no cap is in the way', [capped(1, 10)], undefined],
  ['ten others are willing: no cap is in the way', [1, 2, 3, 4, 5].map((id) => capped(id, id * 10)), undefined],
  ['too few say when', [capped(1, 10), ...[2, 3, 4, 5, 6, 7].map((id) => capped(id))], undefined],
])('when there is room again: %s', (_, noes, at) => expect(roomAtSeconds(noes, 15, 10)).toBe(at));
