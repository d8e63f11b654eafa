import { expect, test } from '@jest/globals';
import { type Committee, seatOf, seatsOf } from './committee.ts';
import { committeeOf, deputy, principal } from './testkit/keys.ts';

const committee = committeeOf(1, [0, 1, 2, 3]);

test('everybody who may speak has their seat, a deputy that of the principal, and nobody else has one', () => {
  for (const seat of [0, 1, 2, 3]) expect(seatOf(committee, principal(seat).voter)?.seat).toBe(seat);
  expect(seatOf(committee, deputy(3).voter)).toMatchObject({ seat: 3, deputyOf: 'member-3' });
  expect(seatOf(committee, principal(5).voter)).toBeUndefined();
});

test('of a key that is listed twice the first place counts, as it stands in the list', () => {
  const [first] = committee.members;
  if (first === undefined) throw new Error('a committee has members');
  const twice: Committee = { ...committee, members: [...committee.members, { ...first, name: 'again' }] };
  expect(seatsOf(twice).filter(({ key }) => key.key === first.key)).toHaveLength(2);
  expect(seatOf(twice, principal(0).voter)).toMatchObject({ seat: 0, key: { name: 'member-0' } });
});

test('however many votes are counted, a committee is laid out once', () => {
  let laidOut = 0;
  const counted: Committee = {
    ...committee,
    get members() {
      laidOut += 1;
      return committee.members;
    },
  };
  for (let vote = 0; vote < 100; vote += 1) seatOf(counted, principal(vote % 4).voter);
  expect(laidOut).toBe(1);
});
