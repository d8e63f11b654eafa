import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { makeVault } from '../../devnet/story.ts';
import { liveTest } from './rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { on, refusalIn } from './rig/operator.ts';
import { DEPOSIT_SATS, leftBehind, signedRelease } from './rig/payouts.ts';

const MAINNET = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const REGTEST = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';

/** Mistakes that only a running network can tell from good input; each is refused and starts no process. */
export function badInputScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'bad input');

  scene(
    'addresses of another network, dust, too much and unknown vaults are refused with 2, and start nothing',
    live,
    async (net) => {
      const before = await processes(net);
      const open = (change: Readonly<Record<string, string>>) => {
        const options = { 'pay-to': REGTEST, amount: '100000', 'maximum-fee': '20000', ...change };
        const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
        return on(net, 'vault', 'open', '--owner-key', net.layout.owner.ownerKey, ...flags, '--yes');
      };
      const payout = (vault: string) =>
        on(net, 'payout', vault, '--release-key', net.layout.owner.releaseKey, '--yes', '--no-wait');
      const cases = [
        [await open({ 'pay-to': MAINNET }), 'input.address', 'regtest addresses start with bcrt1'],
        [await open({ 'pay-to': REGTEST.replace('0c5', '0c6') }), 'input.address', 'mistyped'],
        [await open({ amount: '20293' }), 'input.terms-dust', '294'],
        [await open({ amount: '2100000000000001' }), 'input.usage', '--amount'],
        [await open({ 'maximum-fee': '110' }), 'input.terms-fee', '111'],
        [await open({ 'refund-after': '10', deadline: '20' }), 'input.terms-refund', 'refund'],
        [await payout('c0ffee'), 'input.unknown-vault', 'c0ffee'],
        [await payout('not-hex'), 'input.unknown-vault', 'not-hex'],
        [await payout('ab'.repeat(32)), 'input.unknown-vault', 'abababab'],
        [await on(net, 'ceremony', 'show', 'payOut/none'), 'input.unknown-process', 'payOut/none'],
      ] as const;
      for (const [answer, code, said] of cases) {
        expect([code, answer.code, refusalIn(answer)]).toEqual([code, 2, code]);
        expect(answer.out).toContain(said);
        expect(answer.out).toMatch(/"remedy":"\S+/);
      }
      expect(await processes(net)).toEqual(before);
    },
  );

  scene(
    'a payout of an empty vault, of more than was deposited, or released for another vault does not happen',
    live,
    async (net) => {
      const { vault, ...rest } = await makeVault(net);
      const payout = (...args: readonly string[]) => on(net, 'payout', vault, '--yes', ...args);
      const empty = await payout('--release-key', net.layout.owner.releaseKey);
      expect([empty.code, refusalIn(empty)]).toEqual([2, 'input.no-deposit']);
      const outpoint = { txid: 'ab'.repeat(32), vout: 0 };
      const funded = { opened: { vault, ...rest }, deposit: { outpoint, height: 1 } };
      const carry = (name: string, document: unknown): string => {
        const file = join(net.data, `${name}.json`);
        writeFileSync(file, JSON.stringify(document));
        return file;
      };
      const other = carry('other', signedRelease(net, funded, { vault: 'cd'.repeat(32) as typeof vault }));
      const elsewhere = await payout('--request', other);
      expect([elsewhere.code, refusalIn(elsewhere)]).toEqual([2, 'input.file']);
      const forged = carry('forged', { ...signedRelease(net, funded), signature: '00'.repeat(64) });
      const unsigned = await payout('--request', forged);
      expect([unsigned.code, refusalIn(unsigned)]).toEqual([1, expect.stringMatching(/^policy\.release-/)]);

      const paid = await net.chain.fund(rest.script, DEPOSIT_SATS);
      const [block] = await net.chain.mine(3);
      leftBehind.push({ ...funded, deposit: { outpoint: paid, height: block?.height ?? 1 } });
      const more = { outpoints: [paid], amountSats: DEPOSIT_SATS + 1 };
      const greedy = await payout('--confirmations', '3', '--request', carry('more', signedRelease(net, funded, more)));
      expect([greedy.code, refusalIn(greedy)]).toEqual([1, expect.stringMatching(/^policy\.release-/)]);
    },
  );
}

async function processes({ client }: LiveNetwork): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list()) ids.push(workflowId);
  return ids.sort();
}
