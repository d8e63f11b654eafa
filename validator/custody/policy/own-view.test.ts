import { expect, test } from '@jest/globals';
import { POLICY } from '../testkit/agents.ts';
import { TestChain } from '../testkit/chain.ts';
import { codec } from '../testkit/payout-bench.ts';
import { judgeDeposit } from './rules.ts';

const [ours, foreign] = [`5120${'aa'.repeat(32)}`, `5120${'bb'.repeat(32)}`];

test('a coin that lies on the script of another vault is refused, also where the request says truly that it lies there', () => {
  const chain = new TestChain();
  const view = { chain: chain.view(), policy: POLICY, codec };
  for (const script of [ours, foreign]) chain.watched.add(script);
  const [mine, other] = [
    { txid: '11'.repeat(32), vout: 0 },
    { txid: '22'.repeat(32), vout: 0 },
  ];
  chain.deposit(mine, ours, 50_000, POLICY.confirmationsRequired);
  chain.deposit(other, foreign, 50_000, POLICY.confirmationsRequired);
  expect(judgeDeposit(view, mine, ours)).toMatchObject({ ok: true });
  expect(judgeDeposit(view, other, ours)).toMatchObject({ ok: false, refusal: { code: 'policy.prevout' } });
});
