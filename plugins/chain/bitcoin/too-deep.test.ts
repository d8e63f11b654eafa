/** Reorganisations beyond the bound: an alarm that only a block which somebody names ends. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FakeBlock, FakeNode } from './testkit/fake-node.ts';
import { reaches, troubled, until, ViewStage } from './testkit/view-stage.ts';

let stage: ViewStage;
let dir = '';
let node: FakeNode;
beforeEach(async () => {
  stage = await ViewStage.open();
  ({ dir, node } = stage);
});
afterEach(() => stage.close());

const listening = (fake: FakeNode) => stage.listening(fake);
const view = (nodes?: readonly FakeNode[], settings?: object) => stage.view(nodes, settings);
const TOO_DEEP = { code: 'policy.reorg-too-deep' };
const stoppedAt = ({ hash }: FakeBlock) => ({ synced: false, tip: { hash }, trouble: TOO_DEEP });

test('the alarm of a too deep reorganisation survives a restart and ends when a person removes the index', async () => {
  const chain = await view([node], { reorg_depth_max: 3 });
  const tip = node.best;
  node.mineMany(5, node.at(tip.height - 4));
  await troubled(chain, 'policy.reorg-too-deep');
  expect(chain.status()).toMatchObject({ synced: false, tip: { hash: tip.hash } });
  await chain.stop?.();
  const again = await view([node], { reorg_depth_max: 3 });
  expect(again.status()).toMatchObject(stoppedAt(tip));
  await again.stop?.();
  for (const suffix of ['', '-wal', '-shm']) await rm(join(dir, `chain.sqlite${suffix}`), { force: true });
  await reaches(await view([node], { reorg_depth_max: 3 }), node.best);
});

test('after a too deep reorganisation no look at the node follows another chain than the one that has the block that was named', async () => {
  const chain = await view([node], { reorg_depth_max: 3 });
  const tip = node.best;
  const branch = node.mineMany(6, node.at(tip.height - 4));
  await troubled(chain, 'policy.reorg-too-deep');
  const named = branch.at(1);
  if (named === undefined) throw new Error('the branch has blocks');
  // The node goes back to the first chain before anybody decided: what was named is not there.
  node.mineMany(3, tip);
  chain.acceptBranch({ hash: named.hash, height: named.height });
  await until(() => chain.status().trouble?.message.includes(named.hash) === true, 'the missing block named');
  expect(chain.status()).toMatchObject(stoppedAt(tip));
  // A restart forgets the name, and not the alarm.
  await chain.stop?.();
  const again = await view([node], { reorg_depth_max: 3 });
  expect(again.status()).toMatchObject({ synced: false, tip: { hash: tip.hash } });
  const back = node.best;
  again.acceptBranch({ hash: back.hash, height: back.height });
  await reaches(again, back);
  // Told once, and about that one: the next time is an alarm again.
  node.mineMany(12, branch.at(-1));
  await troubled(again, 'policy.reorg-too-deep');
});

test('a block that both chains of a too deep reorganisation have names neither, and one of our own names ours', async () => {
  const chain = await view([node], { reorg_depth_max: 3 });
  const tip = node.best;
  node.mineMany(6, node.at(tip.height - 4));
  await troubled(chain, 'policy.reorg-too-deep');
  const shared = node.at(tip.height - 5);
  chain.acceptBranch({ hash: shared.hash, height: shared.height });
  await until(() => chain.status().trouble?.message.includes(shared.hash) === true, 'the shared block named');
  expect(chain.status()).toMatchObject(stoppedAt(tip));
  const extended = node.mineMany(3, tip);
  chain.acceptBranch({ hash: tip.hash, height: tip.height });
  await reaches(chain, extended.at(-1) ?? tip);
});

test('of two nodes the one whose chain has the named block is followed', async () => {
  const second = await listening(new FakeNode());
  second.copy(node);
  const chain = await view([node, second], { reorg_depth_max: 3 });
  const branch = second.mineMany(9, second.at(node.best.height - 4));
  const other = node.mineMany(6, node.at(node.best.height - 4));
  await troubled(chain, 'policy.reorg-too-deep');
  const [named] = branch;
  if (named === undefined || other.length === 0) throw new Error('the branches have blocks');
  chain.acceptBranch({ hash: named.hash, height: named.height });
  await until(() => chain.isCanonical(named), 'the chain of the second node');
});

test('the alarm stands also when the index cannot write it down, and the view looks on', async () => {
  const chain = await view([node], { reorg_depth_max: 3 });
  const tip = node.best;
  const other = new DatabaseSync(join(dir, 'chain.sqlite'));
  other.exec('begin immediate');
  node.mineMany(5, node.at(tip.height - 4));
  await troubled(chain, 'unavailable.index');
  expect(chain.status()).toMatchObject({ synced: false, tip: { hash: tip.hash } });
  other.exec('rollback');
  other.close();
  await troubled(chain, 'policy.reorg-too-deep');
});

test('a catch-up in the chain that was named is an ordinary one from its first blocks on: it may end midway and goes on', async () => {
  const chain = await view([node], { reorg_depth_max: 3 });
  const branch = node.mineMany(16, node.at(node.best.height - 4));
  await troubled(chain, 'policy.reorg-too-deep');
  const [named, lacking] = [branch.at(5), branch.at(-4)];
  if (named === undefined || lacking === undefined) throw new Error('the branch has blocks');
  node.faults.missing = new Set([lacking.hash]);
  chain.acceptBranch({ hash: named.hash, height: named.height });
  await until(() => chain.status().tip.hash === lacking.parent, 'the last block before the one that the node lacks');
  await until(() => chain.status().trouble?.code === 'unavailable.node-refused', 'the block that the node lacks');
  await chain.stop?.();
  const again = await view([node], { reorg_depth_max: 3 });
  expect(again.status().trouble?.code).not.toBe('policy.reorg-too-deep');
  delete node.faults.missing;
  await reaches(again, node.best);
});

test('an alarm that nobody has ended stays one while the node that was to show the named block is down', async () => {
  const chain = await view([node], { reorg_depth_max: 3 });
  const tip = node.best;
  node.mineMany(6, node.at(tip.height - 4));
  await troubled(chain, 'policy.reorg-too-deep');
  const codes = new Set<string | undefined>();
  chain.acceptBranch({ hash: tip.hash, height: tip.height });
  await node.close();
  await until(() => {
    const { trouble } = chain.status();
    codes.add(trouble?.code);
    return trouble?.message.includes('unavailable.node-down') === true;
  }, 'the node that is down');
  expect([...codes]).toEqual(['policy.reorg-too-deep']);
});
