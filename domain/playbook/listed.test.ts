import { expect, test } from '@jest/globals';
import { type NetworkGenesis, validatorId } from '../network/network.ts';
import { requireListed } from './listed.ts';
import type { Plan } from './plan.ts';

const declared: Pick<Plan, 'inputs'> = {
  inputs: {
    suspect: { type: 'validator', summary: 's' },
    others: { type: 'list<validator>', summary: 's', default: [] },
    number: { type: 'int', summary: 's', default: 0 },
  },
};
const network: Pick<NetworkGenesis, 'name' | 'validators'> = {
  name: 'laptop',
  validators: [1, 2, 3].map((id) => ({ id: validatorId(id), identity: '', addresses: [] })),
};
const judge = (inputs: Parameters<typeof requireListed>[1]) => () => requireListed(declared, inputs, network);

test('an input that names a validator names one of the network, alone or in a list', () => {
  expect(judge({ suspect: 3, others: [1, 2], number: 99 })).not.toThrow();
  expect(judge({ suspect: 3 })).not.toThrow();
  for (const inputs of [{ suspect: 99 }, { suspect: 1, others: [2, 99] }])
    expect(judge(inputs)).toThrow(
      expect.objectContaining({
        code: 'input.playbook-input',
        message: expect.stringContaining('no validator 99 in laptop, which has 3'),
      }),
    );
});
