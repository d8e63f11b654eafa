import { expect, test } from '@jest/globals';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { RunView } from '../../workflows/run-playbook/messages.ts';
import { describeRun } from './words.ts';

const asking: RunView = {
  name: 'suspected-share-theft',
  playbook: 'ab'.repeat(32) as Digest,
  run: 'runPlaybook/laptop/theft/1',
  phase: 'order',
  now: [],
  finished: [],
  approvals: [],
  tasks: [],
  orders: [{ step: 'freeze', kind: 'freeze', above: 5, untilMs: 0, isWaitedFor: true }],
  undoable: [],
};
const typed = (view: RunView, command = 'order make'): string | undefined =>
  describeRun(view, 'runPlaybook/laptop/theft', { inIncident: true, pinnedEpoch: 1 }).find((line) =>
    line.includes(command),
  );

test('the order that a run asks a later committee for is made and sent with the epochs that lead to it', () => {
  const plain = /firebreak order make freeze --number 6 --reason <text>$/;
  expect(typed(asking)).toMatch(plain);
  expect(typed({ ...asking, committeeEpoch: 1 })).toMatch(plain);
  expect(typed({ ...asking, committeeEpoch: 3 })).toMatch(/--reason <text> --chain <committee epochs file>$/);
  const inVain = { ...asking, orders: asking.orders.map((order) => ({ ...order, isWaitedFor: false })) };
  expect(typed(inVain, 'order send')).toMatch(/firebreak order send <signed order file>$/);
  expect(typed({ ...inVain, committeeEpoch: 3 }, 'order send')).toMatch(/file> --chain <committee epochs file>$/);
});
