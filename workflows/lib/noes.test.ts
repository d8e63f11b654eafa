import { expect, test } from '@jest/globals';
import { validatorId } from '../../domain/network/network.ts';
import { commonRefusal, isFinal } from './noes.ts';

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
