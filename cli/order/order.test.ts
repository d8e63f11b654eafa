import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { epochDigest, type CommitteeEpoch, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { parseSignedOrder } from '../../wire/documents/index.ts';
import { sealEnvelope } from '../../wire/envelope.ts';
import {
  CommitteeStateSchema,
  OrderStateSchema,
  RequestSchema,
  ResponseSchema,
  Round,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { ed25519PublicHex } from '../files.ts';
import type { Screen } from '../screen.ts';
import { makeOrder } from './make.ts';
import { sendOrder } from './send.ts';
import { showOrder } from './show.ts';
import { signOrder } from './sign.ts';

const NOW = 1_800_000_000;
let folder = '';
let shown = '';
const screen: Screen = {
  out: (text) => {
    shown += text;
  },
  err: () => undefined,
  colour: false,
  interactive: false,
};
const hosts = [1, 2, 3].map(() => generateKeyPairSync('ed25519').privateKey);
const members = [1, 2, 3].map(() => generateKeyPairSync('ed25519').privateKey);
const genesis: NetworkGenesis = {
  version: 1,
  name: 'laptop',
  environment: 'development',
  bitcoinNetwork: 'regtest',
  threshold: 2,
  validators: hosts.map((key, index) => ({
    id: validatorId(index + 1),
    identity: ed25519PublicHex(key),
    addresses: ['/ip4/127.0.0.1/tcp/9001'],
  })),
  coordinators: [],
  committee: {
    epoch: 1,
    members: members.map((key, index) => ({ name: `member ${index + 1}`, key: ed25519PublicHex(key) })),
    quorum: { freeze: 2, lift: 3 },
  },
};
const at = (name: string): string => join(folder, name);
const where = () => ({ data: folder, network: at('network.json') });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-order-'));
  shown = '';
  writeFileSync(at('network.json'), JSON.stringify(genesis));
  members.forEach((key, index) =>
    writeFileSync(at(`member-${index + 1}.key`), key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 }),
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Validators that answer like real ones: they sign what they say with the identity of `as`, or of themselves. */
function validators(
  answer: (
    validator: ValidatorId,
    body: string,
  ) => { order?: SignedOrder; as?: number; epochs?: readonly SignedEpoch[] } | undefined,
) {
  const asked: string[] = [];
  const network = {
    ask: () => Promise.reject(new Error('not used here')),
    connected: () => [],
    askMany: async (requests) =>
      [...requests].map(([validator, bytes]) => {
        const { case: body } = fromBinary(RequestSchema, bytes).body;
        asked.push(`${validator} ${body}`);
        const said = answer(validator, body ?? '');
        if (said === undefined)
          return { validator, ok: false as const, code: 'unavailable.validator-silent', message: 'is silent' };
        const { order, as = validator, epochs = [] } = said;
        const isOfCommittee = body === 'sayCommittee';
        const committeeState = create(CommitteeStateSchema, { epoch: 1, signedEpochs: epochs.map(canonicalBytes) });
        const payload = isOfCommittee
          ? toBinary(CommitteeStateSchema, committeeState)
          : toBinary(
              OrderStateSchema,
              create(OrderStateSchema, {
                number: BigInt(order?.order.number ?? 0),
                frozenUntilSeconds: BigInt(order?.order.expiresAtSeconds ?? 0),
                signedOrder: order === undefined ? new Uint8Array(0) : canonicalBytes(order),
              }),
            );
        const fields = {
          suite: '',
          keyset: '',
          epoch: 0,
          ceremony: '',
          round: isOfCommittee ? Round.COMMITTEE_STATE : Round.ORDER_STATE,
        };
        const host = hosts[as - 1];
        if (host === undefined) throw new Error('no such host');
        const value = sealEnvelope(genesis, validatorId(validator), host, fields, payload);
        const response = toBinary(ResponseSchema, create(ResponseSchema, { body: { case: 'envelope', value } }));
        return { validator, ok: true as const, response };
      }),
  } satisfies ValidatorNetwork;
  return { asked, connect: async () => ({ network, stop: async () => undefined }) };
}
const nobody = () => Promise.reject(new Error('nobody is asked here'));

const made = async (kind = 'freeze', number = '1'): Promise<string> => {
  await makeOrder(
    kind,
    { ...where(), reason: 'key of validator 3 may be out', for: '2h', number, out: at('order.json') },
    nobody,
    NOW,
  );
  return at('order.json');
};
const sign = (file: string, member: number) =>
  signOrder(screen, file, { ...where(), key: at(`member-${member}.key`), yes: true });
const read = (file: string): SignedOrder => JSON.parse(readFileSync(file, 'utf8'));

test('a made order is unsigned, bound to the pinned network, and ends when it was told to', async () => {
  const file = await made();
  expect(read(file)).toEqual({
    order: {
      version: 1,
      kind: 'freeze',
      environment: 'development',
      network: 'laptop',
      committeeEpoch: 1,
      number: 1,
      scope: 'payouts',
      reason: 'key of validator 3 may be out',
      expiresAtSeconds: NOW + 7_200,
    },
    signatures: [],
  });
});

test('a lift may name a block of the chain in which payouts go on, and its signers read which', async () => {
  const hash = '0f'.repeat(32);
  const options = { ...where(), reason: 'compared with two exchanges', for: '2h', number: '2', out: at('order.json') };
  const outcome = await makeOrder('lift', { ...options, block: `812345:${hash}` }, nobody, NOW);
  expect(read(at('order.json')).order.block).toEqual({ hash, height: 812_345 });
  expect(outcome.lines[0]).toContain(`the chain with block ${hash} at height 812345`);
  expect(parseSignedOrder(readFileSync(at('order.json')), 'test').order.block?.height).toBe(812_345);
  for (const [kind, block] of [
    ['freeze', `1:${hash}`],
    ['lift', hash],
    ['lift', `1:${hash}00`],
  ] as const)
    await expect(makeOrder(kind, { ...options, out: at('other.json'), block }, nobody, NOW)).rejects.toMatchObject({
      code: 'input.usage',
    });
});

test('a file in which a freeze names a block is no order', async () => {
  const freeze = read(await made());
  const wrong = { ...freeze, order: { ...freeze.order, block: { hash: '0f'.repeat(32), height: 1 } } };
  expect(() => parseSignedOrder(JSON.stringify(wrong), 'test')).toThrow('only a lift names a block');
});

test('an order that was written is never overwritten by another make', async () => {
  await made();
  await expect(made()).rejects.toMatchObject({ code: 'input.file-exists' });
});

test('the next number is one above the highest order that a validator can prove', async () => {
  const file = await made('freeze', '7');
  await sign(file, 1);
  await sign(file, 2);
  const proven = read(file);
  const { connect } = validators((validator) => (validator === 2 ? { order: proven } : {}));
  const outcome = await makeOrder(
    'lift',
    { ...where(), reason: 'all clear', for: '1h', out: at('next.json') },
    connect,
    NOW,
  );
  expect(outcome.data['order']).toMatchObject({ number: 8, kind: 'lift' });
});

test('whoever signs once more is told so, and counts once', async () => {
  const file = await made();
  expect((await sign(file, 1)).lines.join('\n')).not.toContain('already');
  const again = await sign(file, 1);
  expect(again.lines[0]).toBe('member 1 had signed this already, and counts once');
  expect(read(file).signatures).toHaveLength(1);
});

test('a validator that claims a high number without the signatures under it moves nothing', async () => {
  const file = await made('freeze', '900');
  const unsigned = read(file);
  const { connect } = validators(() => ({ order: unsigned }));
  const outcome = await makeOrder('freeze', { ...where(), reason: 'x', for: '1h', out: at('next.json') }, connect, NOW);
  expect(outcome.data['order']).toMatchObject({ number: 1 });
});

test('without an answering validator the number has to be given', async () => {
  const { connect } = validators(() => undefined);
  await expect(makeOrder('freeze', { ...where(), reason: 'x', for: '1h' }, connect, NOW)).rejects.toMatchObject({
    code: 'unavailable.validators',
    message: expect.stringContaining('--number'),
  });
});

/** The hand-over to the same members, signed by all but the named. */
function handOver(without: readonly number[] = []): SignedEpoch {
  const { committee, environment, name } = genesis;
  const epoch: CommitteeEpoch = {
    version: 1,
    environment,
    network: name,
    previous: committeeDigest(committee),
    committee: { ...committee, epoch: 2 },
    reason: 'yearly election',
  };
  const signers = members.filter((_key, at) => !without.includes(at));
  const signatures = signers.map((key) => ({
    member: ed25519PublicHex(key),
    signature: signBytes(null, Buffer.from(epochDigest(epoch), 'hex'), key).toString('hex'),
  }));
  return { epoch, signatures };
}

test('no order is made for a committee that validators prove to have left, and the file that leads on is asked for', async () => {
  const options = { ...where(), reason: 'x', for: '1h', out: at('next.json') };
  const { connect } = validators((validator) => (validator === 3 ? { epochs: [handOver()] } : {}));
  await expect(makeOrder('freeze', options, connect, NOW)).rejects.toMatchObject({
    code: 'policy.order-epoch',
    message: expect.stringMatching(/follow epoch 2 .* epoch 1: give --chain$/),
  });
  writeFileSync(at('chain.json'), JSON.stringify({ version: 1, epochs: [handOver()] }));
  const outcome = await makeOrder('freeze', { ...options, chain: at('chain.json') }, connect, NOW);
  expect(outcome.data['order']).toMatchObject({ committeeEpoch: 2 });
});

test('an epoch without the signatures under it keeps nobody from making an order', async () => {
  const { connect } = validators(() => ({ epochs: [handOver([0, 1])] }));
  const outcome = await makeOrder('freeze', { ...where(), reason: 'x', for: '1h', out: at('next.json') }, connect, NOW);
  expect(outcome.data['order']).toMatchObject({ committeeEpoch: 1 });
});

test('a member whose data folder has validators that say a later epoch is warned before signing', async () => {
  const file = await made();
  const server = createServer((request, response) =>
    response.end(
      JSON.stringify(
        request.url?.endsWith('/health')
          ? { status: 'ready' }
          : { validator_id: 'v', peer_count: 1, uptime_seconds: 1, committee_epoch: 2 },
      ),
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const temporal = { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'nobody' };
  const operator = { version: 1, network: 'network.json', identity: 'id.key', temporal };
  writeFileSync(at('operator.json'), JSON.stringify({ ...operator, validators: [`http://127.0.0.1:${port}`] }));
  try {
    await signOrder(screen, file, { data: folder, key: at('member-1.key'), yes: true });
    expect(shown).toMatch(/WARNING 1 of 1 validators .* epoch 2 .*: give --chain/);
    expect(read(file).signatures).toHaveLength(1);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test('a member sees what the order does and the digest computed here before the key is used', async () => {
  const file = await made();
  await sign(file, 1);
  expect(shown).toContain('FREEZE: every validator stops signing payouts until 2027-01-15 10:00:00 UTC');
  expect(shown).toContain(orderDigest(read(file).order));
  expect(read(file).signatures).toHaveLength(1);
});

test('signing without a terminal and without --yes changes nothing', async () => {
  const file = await made();
  await expect(signOrder(screen, file, { ...where(), key: at('member-1.key') })).rejects.toMatchObject({
    code: 'input.question-without-terminal',
  });
  expect(read(file).signatures).toEqual([]);
});

test('signing twice with one key is one vote', async () => {
  const file = await made();
  await sign(file, 1);
  const outcome = await sign(file, 1);
  expect(outcome.data).toMatchObject({ have: 1, need: 2 });
});

test('a key that is nobody in the committee, or that others can read, is refused', async () => {
  const file = await made();
  const stranger = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(at('stranger.key'), stranger, { mode: 0o600 });
  await expect(signOrder(screen, file, { ...where(), key: at('stranger.key'), yes: true })).rejects.toMatchObject({
    code: 'input.key-seatless',
  });
  chmodSync(at('member-1.key'), 0o644);
  await expect(sign(file, 1)).rejects.toMatchObject({ message: expect.stringContaining('chmod 600') });
});

test('an order for another environment is not signed here', async () => {
  const file = await made();
  const drill = read(file);
  writeFileSync(file, JSON.stringify({ ...drill, order: { ...drill.order, environment: 'drill' } }));
  await expect(sign(file, 1)).rejects.toMatchObject({ code: 'policy.order-environment' });
});

test('show says how many signatures are missing, and afterwards that a validator would obey', async () => {
  const file = await made();
  await sign(file, 1);
  const early = showOrder(file, where(), NOW);
  expect(early).toMatchObject({ exitCode: 1, data: { valid: false, have: 1, need: 2 } });
  expect(early.next).toMatch(/^order sign /);
  await sign(file, 2);
  const later = showOrder(file, where(), NOW);
  expect(later).toMatchObject({ exitCode: 0, data: { valid: true }, next: `order send ${file}` });
});

test('show names a signature that does not fit the order, and has nobody sign what was changed', async () => {
  const file = await made();
  await sign(file, 1);
  const signed = read(file);
  writeFileSync(file, JSON.stringify({ ...signed, order: { ...signed.order, reason: 'another reason' } }));
  const shown = showOrder(file, where(), NOW);
  expect(shown.data['signedBy']).toEqual(['member 1 (INVALID)']);
  expect(shown.lines.join('\n')).toContain('0 of 2 signatures; 1 more count for nothing');
  expect(shown.next).toBeUndefined();
});

test('an order without its quorum is not even sent', async () => {
  const file = await made();
  await sign(file, 1);
  const { asked, connect } = validators(() => ({}));
  await expect(sendOrder(file, where(), connect, NOW)).rejects.toMatchObject({ code: 'policy.order-quorum' });
  expect(asked).toEqual([]);
});

test('a signed order goes to the first validator that answers', async () => {
  const file = await made();
  await sign(file, 1);
  await sign(file, 2);
  const { asked, connect } = validators((validator) => (validator === 1 ? undefined : { order: read(file) }));
  const outcome = await sendOrder(file, where(), connect, NOW);
  expect(asked).toEqual(['1 obeyOrder', '2 obeyOrder']);
  expect(outcome.data).toMatchObject({ validator: 2, number: 1, frozenUntilSeconds: NOW + 7_200 });
});

test('a validator that refuses, or says yes without standing at the order, does not keep it from the next one', async () => {
  const file = await made();
  await sign(file, 1);
  await sign(file, 2);
  const order = read(file);
  const { asked, connect } = validators((validator) =>
    validator === 1 ? { order, as: 2 } : validator === 2 ? {} : { order },
  );
  const outcome = await sendOrder(file, where(), connect, NOW);
  expect(asked).toEqual(['1 obeyOrder', '2 obeyOrder', '3 obeyOrder']);
  expect(outcome.data).toMatchObject({ validator: 3, number: 1 });
});

test('an answer that is signed by another identity is no answer', async () => {
  const file = await made();
  await sign(file, 1);
  await sign(file, 2);
  const { connect } = validators(() => ({ order: read(file), as: 3 }));
  await expect(sendOrder(file, { ...where(), to: 'validator-002' }, connect, NOW)).rejects.toMatchObject({
    code: 'policy.envelope-signature',
  });
});

test('whoever reads a freeze learns whether it is one of the renewals that validators count', async () => {
  const file = await made();
  await sign(file, 1);
  await sign(file, 2);
  expect(showOrder(file, where(), NOW).lines.join('\n')).toContain('counted until 3 have signed: 3 in a row');
  await sign(file, 3);
  expect(showOrder(file, where(), NOW).lines.join('\n')).toContain('not counted: 3 have signed');
});
