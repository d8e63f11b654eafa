import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SignedGrantUse } from '../domain/committee/grant-use.ts';
import { transactionCodec } from '../plugins/chain/bitcoin/codec.ts';
import { memory } from '../plugins/keystore/memory/index.ts';
import { SILENT, TestFleet } from '../validator/custody/testkit/agents.ts';
import { signOrder } from '../validator/custody/testkit/network.ts';
import { handEpochs } from './committee/hand.ts';
import { proposeCommittee } from './committee/propose.ts';
import { showCommittee } from './committee/show.ts';
import { signCommittee } from './committee/sign.ts';
import { verifyCommittee } from './committee/verify.ts';
import { makeOrder } from './order/make.ts';
import { sendOrder } from './order/send.ts';
import { signOrder as signOrderFile } from './order/sign.ts';
import type { Connect } from './connecting.ts';
import type { Screen } from './screen.ts';
import { installGrant, listGrants } from './grant/install.ts';
import { makeGrant } from './grant/make.ts';
import { signGrant } from './grant/sign.ts';
import { makeUse, sendUse, signUse } from './grant/use.ts';

/** Three real validators that people reach without Temporal and without a worker, and files of three members. */
let hand: ByHand;
let folder = '';
let shown = '';
const screen: Screen = { out: (text) => void (shown += text), err: () => undefined, colour: false, interactive: false };
const at = (name: string): string => join(folder, name);
const where = () => ({ data: folder, network: at('network.json') });
const key = (member: number) => ({ ...where(), key: at(`member-${member}.key`), yes: true });

beforeEach(() => {
  shown = '';
  folder = mkdtempSync(join(tmpdir(), 'firebreak-by-hand-'));
  hand = validatorsByHand(folder);
});
afterEach(async () => {
  await hand.close();
  rmSync(folder, { recursive: true });
});

const limits = { number: '1', reason: 'nobody else is awake', uses: '1', freezeFor: '1h', validFor: '30d' };
async function breakGlass(needed = '1'): Promise<string> {
  makeGrant({ ...where(), ...limits, needed, holder: ['member 1', 'member 2'], out: at('glass.json') });
  for (const member of [1, 2, 3]) await signGrant(screen, at('glass.json'), key(member));
  return at('glass.json');
}
const made = async (grant: string, more: object = {}): Promise<string> => {
  await makeUse(grant, { ...where(), out: at('use.json'), ...more }, hand.connect);
  return at('use.json');
};
const frozenUntil = (id: number): number => hand.fleet.get(id).agent.report().orders.frozenUntilSeconds;

test('a holder of break-glass freezes payouts with two files and one key, with Temporal and every worker dead', async () => {
  const grant = await breakGlass();
  const use = await made(grant, { for: '30m' });
  shown = '';
  expect((await signUse(screen, use, { ...key(1), grant })).data).toMatchObject({ complete: true });
  expect(shown).toContain('FREEZE by break-glass 1: every validator stops signing payouts until');
  const { data, lines } = await sendUse(use, { ...where(), grant, to: 'validator-002' }, hand.connect);
  expect(data).toMatchObject({ validator: 2, number: 0 });
  expect(lines.join('\n')).toContain('review     due by');
  const { use: said } = JSON.parse(readFileSync(use, 'utf8')) as SignedGrantUse;
  expect(frozenUntil(2)).toBe(said.startedAtSeconds + 1_800);
  // Sent twice, it is the same use and the same answer.
  expect((await sendUse(use, { ...where(), grant, to: '2' }, hand.connect)).data).toMatchObject({ validator: 2 });
  expect(hand.fleet.get(2).agent.report().grantUses).toBe(1);
});

test('a use names the order that it comes after, as the validators prove it', async () => {
  const lift = signOrder(hand.fleet.network, { kind: 'lift', number: 7 }, 3);
  await hand.fleet.get(3).agent.obey(lift);
  const use = await made(await breakGlass());
  expect(JSON.parse(readFileSync(use, 'utf8'))).toMatchObject({ use: { afterOrder: 7 } });
});

test('too few holders, a member who is none, and a standing order are refused before anything is sent', async () => {
  const grant = await breakGlass('2');
  const use = await made(grant);
  expect((await signUse(screen, use, { ...key(1), grant })).data).toMatchObject({ complete: false });
  await expect(sendUse(use, { ...where(), grant }, hand.connect)).rejects.toMatchObject({
    code: 'policy.grant-holder',
  });
  await expect(signUse(screen, use, { ...key(3), grant })).rejects.toMatchObject({ code: 'policy.grant-holder' });
  expect(hand.asked()).toBe(1); // for the number, and for nothing else
  makeGrant({ ...where(), ...limits, plan: 'ab'.repeat(32), out: at('standing.json') });
  await expect(made(at('standing.json'))).rejects.toMatchObject({ code: 'input.usage' });
});

test('what a validator refuses is what the person reads', async () => {
  const grant = await breakGlass();
  const use = await made(grant);
  await signUse(screen, use, { ...key(2), grant });
  await hand.fleet.get(1).agent.obey(signOrder(hand.fleet.network, { kind: 'lift', number: 1 }, 3));
  await expect(sendUse(use, { ...where(), grant, to: '1' }, hand.connect)).rejects.toMatchObject({
    code: 'conflict.grant-passed',
  });
});

test('a standing order is installed where workers look for it, only while it is in force, and listed with its verdict', async () => {
  const plan = 'ab'.repeat(32);
  makeGrant({ ...where(), ...limits, plan, out: at('standing.json') });
  expect(() => installGrant(at('standing.json'), where())).toThrow(
    expect.objectContaining({ code: 'policy.grant-quorum' }),
  );
  for (const member of [1, 2]) await signGrant(screen, at('standing.json'), key(member));
  const { data } = installGrant(at('standing.json'), where());
  // Again is the same file.
  expect(installGrant(at('standing.json'), where()).data).toEqual(data);
  expect((await listGrants(where())).data).toMatchObject({ grants: [{ file: data['file'], valid: true }] });
  const { grantFolder } = await import('../workers/grants.ts');
  const logger = hand.logger;
  writeFileSync(at('grants/notes.json'), 'nothing of the kind');
  const found = await grantFolder(at('grants'), logger).list({
    signal: new AbortController().signal,
    deadlineMs: Date.now() + 1_000,
  });
  expect(found).toMatchObject([{ grant: { kind: 'standing-order', playbook: plan } }]);
  expect(hand.warned()).toBe(1);
  const glass = await breakGlass();
  expect(() => installGrant(glass, where())).toThrow(expect.objectContaining({ code: 'input.usage' }));
});

test('a hand-over is handed to one validator, and from then on orders are made, signed and obeyed under the new committee', async () => {
  showCommittee({ ...where(), out: at('draft.json') });
  const draft = JSON.parse(readFileSync(at('draft.json'), 'utf8'));
  writeFileSync(at('draft.json'), JSON.stringify({ ...draft, quorum: { freeze: 1, lift: 3 } }));
  await proposeCommittee(at('draft.json'), { ...where(), reason: 'a freeze takes one', out: at('epoch.json') });
  for (const member of [1, 2, 3]) await signCommittee(screen, at('epoch.json'), key(member));
  verifyCommittee(at('epoch.json'), { ...where(), out: at('chain.json') });
  expect((await handEpochs(at('chain.json'), { ...where(), to: '1' }, hand.connect)).data).toMatchObject({
    validator: 1,
    epoch: 2,
  });
  expect(hand.fleet.get(1).agent.report().committee.epoch).toBe(2);
  expect(await handEpochs(at('chain.json'), where(), hand.connect)).toMatchObject({
    data: { epoch: 2 },
    next: `committee show --chain ${at('chain.json')}`,
  });

  const chain = { chain: at('chain.json') };
  const order = { reason: 'of a test', for: '1h', out: at('order.json') };
  await expect(makeOrder('freeze', { ...where(), ...order }, hand.connect)).rejects.toMatchObject({
    message: expect.stringContaining('follow epoch 2 of the committee'),
  });
  await makeOrder('freeze', { ...where(), ...chain, ...order }, hand.connect);
  await signOrderFile(screen, at('order.json'), { ...key(2), ...chain });
  await expect(sendOrder(at('order.json'), where(), hand.connect)).rejects.toMatchObject({
    code: 'policy.order-epoch',
  });
  expect((await sendOrder(at('order.json'), { ...where(), ...chain, to: '1' }, hand.connect)).data).toMatchObject({
    validator: 1,
    number: 1,
  });
});

test('the number after an order of a former committee is found too', async () => {
  await hand.fleet.get(2).agent.obey(signOrder(hand.fleet.network, { number: 4 }, 3));
  const before = readFileSync(at('network.json'), 'utf8');
  showCommittee({ ...where(), out: at('draft.json') });
  await proposeCommittee(at('draft.json'), { ...where(), reason: 'yearly', out: at('epoch.json') });
  for (const member of [1, 2, 3]) await signCommittee(screen, at('epoch.json'), key(member));
  verifyCommittee(at('epoch.json'), { ...where(), out: at('chain.json') });
  expect(readFileSync(at('network.json'), 'utf8')).toBe(before);
  const { data } = await makeOrder(
    'lift',
    { ...where(), chain: at('chain.json'), reason: 'of a test', for: '1h', out: at('lift.json') },
    hand.connect,
  );
  expect(data).toMatchObject({ order: { number: 5, committeeEpoch: 2 } });
});

test('a chain that ends before the committee that is followed changes nothing, and says so', async () => {
  const handOver = async (chain: object, draft: string, epoch: string, out: string): Promise<void> => {
    showCommittee({ ...where(), ...chain, out: at(draft) });
    await proposeCommittee(at(draft), { ...where(), ...chain, reason: 'of a test', out: at(epoch) });
    for (const member of [1, 2, 3]) await signCommittee(screen, at(epoch), { ...key(member), ...chain });
    verifyCommittee(at(epoch), { ...where(), ...chain, out: at(out) });
  };
  await handOver({}, 'draft.json', 'epoch.json', 'chain.json');
  await handOver({ chain: at('chain.json') }, 'draft-3.json', 'epoch-3.json', 'chain-3.json');
  const { lines } = await handEpochs(at('chain-3.json'), { ...where(), to: '1' }, hand.connect);
  expect(lines.join('\n')).toMatch(/from now .*chain-3\.json\n.*playbooks and grants of the former committee are void/);
  const old = await handEpochs(at('chain.json'), { ...where(), to: '1' }, hand.connect);
  expect(old.lines.join('\n')).toMatch(/validator-001 says that it follows epoch 3 already; nothing was changed/);
  expect(old.lines.join('\n')).not.toContain('from now');
  expect(old.data).toMatchObject({ epoch: 2, followed: 3 });
});

test('an altered chain is refused before anything is sent', async () => {
  writeFileSync(at('chain.json'), JSON.stringify({ version: 1, epochs: [] }));
  expect((await handEpochs(at('chain.json'), where(), hand.connect)).lines.join()).toContain('the chain is empty');
  showCommittee({ ...where(), out: at('draft.json') });
  await proposeCommittee(at('draft.json'), { ...where(), reason: 'yearly', out: at('epoch.json') });
  writeFileSync(
    at('chain.json'),
    JSON.stringify({ version: 1, epochs: [JSON.parse(readFileSync(at('epoch.json'), 'utf8'))] }),
  );
  await expect(handEpochs(at('chain.json'), where(), hand.connect)).rejects.toMatchObject({
    code: 'policy.epoch-quorum',
  });
  expect(hand.asked()).toBe(0);
});

/** Three real validators without transport, and what a person by hand has of their network: files and keys in one folder. */
type ByHand = {
  readonly fleet: TestFleet;
  readonly connect: Connect;
  /** How often somebody connected. */
  asked(): number;
  readonly logger: typeof SILENT;
  /** How often that logger was told a warning. */
  warned(): number;
  close(): Promise<void>;
};

function validatorsByHand(folder: string): ByHand {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  const fleet = new TestFleet(3, 2, { codec: transactionCodec('regtest'), keystore });
  const { genesis, committee, coordinator } = fleet.network;
  const validators = genesis.validators.map((entry) => ({ ...entry, addresses: ['/ip4/127.0.0.1/tcp/9001'] }));
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  write('network.json', { ...genesis, validators });
  write('operator.json', {
    version: 1,
    network: 'network.json',
    identity: 'nobody.key',
    temporal: { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'none' },
    grants: 'grants',
    validators: [],
  });
  committee.forEach(({ key }, at) =>
    writeFileSync(join(folder, `member-${at + 1}.key`), key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 }),
  );
  let asked = 0;
  let warnings = 0;
  return {
    fleet,
    async connect() {
      asked += 1;
      return {
        network: {
          ask: () => Promise.reject(new Error('not used here')),
          connected: () => [],
          askMany: (requests) =>
            Promise.all(
              [...requests].map(async ([validator, bytes]) => ({
                validator,
                ok: true as const,
                response: await fleet.get(validator).agent.handle(bytes, coordinator.identity),
              })),
            ),
        },
        stop: async () => undefined,
      };
    },
    asked: () => asked,
    logger: { ...SILENT, warn: () => void (warnings += 1) },
    warned: () => warnings,
    close: () => fleet.close(),
  };
}
