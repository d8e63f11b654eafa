import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { afterAll, expect, test } from '@jest/globals';
import type { BlameProof } from '../../domain/ceremony/blame.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { type NetworkGenesis, validatorId } from '../../domain/network/network.ts';
import { sealEnvelope } from '../../wire/envelope.ts';
import { EnvelopeSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { verifyProof } from './verify.ts';

const folder = mkdtempSync(join(tmpdir(), 'firebreak-blame-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keys = [1, 2, 3].map(() => generateKeyPairSync('ed25519'));
const raw = (key: KeyObject): string => toHex(key.export({ format: 'der', type: 'spki' }).subarray(-32));
const genesis: NetworkGenesis = {
  version: 1,
  name: 'blame-test',
  environment: 'development',
  bitcoinNetwork: 'regtest',
  threshold: 2,
  validators: keys.map(({ publicKey }, at) => ({
    id: validatorId(at + 1),
    identity: raw(publicKey),
    addresses: ['/ip4/127.0.0.1/tcp/4001'],
  })),
  coordinators: [raw(generateKeyPairSync('ed25519').publicKey)],
  committee: {
    epoch: 1,
    members: [{ name: 'a', key: raw(generateKeyPairSync('ed25519').publicKey) }],
    quorum: { freeze: 1, lift: 1 },
  },
};
const network = join(folder, 'network.json');
writeFileSync(network, JSON.stringify(genesis));

const about = {
  suite: 'FROST-secp256k1-SHA256-TR-v1',
  keyset: 'aa'.repeat(16),
  epoch: 1,
  ceremony: `keygen-${'aa'.repeat(16)}`,
};
type Fields = Partial<typeof about & { round: Round; to: ReturnType<typeof validatorId> }>;
function said(by: number, text: string, change: Fields = {}): string {
  const key = keys[by - 1];
  if (key === undefined) throw new Error('there are three validators');
  const fields = { ...about, round: Round.KEYGEN_COMMITMENTS, ...change };
  return toHex(
    toBinary(EnvelopeSchema, sealEnvelope(genesis, validatorId(by), key.privateKey, fields, Buffer.from(text))),
  );
}
const withOneBitChanged = (hex: string): string =>
  `${hex.slice(0, -2)}${toHex(Uint8Array.of(Number.parseInt(hex.slice(-2), 16) ^ 1))}`;
const twice = (first: string, second: string): BlameProof => ({
  version: 1,
  environment: 'development',
  network: 'blame-test',
  kind: 'equivocation',
  first,
  second,
});
function verify(proof: unknown) {
  const file = join(folder, 'proof.json');
  writeFileSync(file, JSON.stringify(proof));
  return verifyProof({ data: folder, network }, file);
}

test('two statements of one round convict whoever signed both, with nothing but the network file', () => {
  const outcome = verify(twice(said(2, 'one'), said(2, 'two')));
  expect(outcome).toMatchObject({ exitCode: 0, data: { valid: true, culprit: 2 } });
  expect(outcome.lines.join('\n')).toContain('validator-002 signed two different statements');
});

test('a recipient that nobody looks at makes no second statement out of one', () => {
  const proof = twice(said(2, 'one'), said(2, 'two', { to: validatorId(3) }));
  expect(verify(proof)).toMatchObject({ exitCode: 0, data: { valid: true, culprit: 2 } });
});

test.each([
  ['the same statement twice', twice(said(2, 'one'), said(2, 'one'))],
  ['statements of two validators', twice(said(1, 'one'), said(2, 'two'))],
  ['statements about two ceremonies', twice(said(2, 'one'), said(2, 'two', { ceremony: `keygen-${'bb'.repeat(16)}` }))],
  ['statements of two rounds', twice(said(2, 'one'), said(2, 'two', { round: Round.KEYGEN_SHARES }))],
  [
    'fresh nonces for a session, which a restarted validator gives',
    twice(said(2, 'one', { round: Round.SIGNING_COMMITMENTS }), said(2, 'two', { round: Round.SIGNING_COMMITMENTS })),
  ],
  [
    'a status, which changes all the time',
    twice(said(2, 'one', { round: Round.STATUS }), said(2, 'two', { round: Round.STATUS })),
  ],
  ['bytes that nobody signed', twice(said(2, 'one'), withOneBitChanged(said(2, 'two')))],
])('%s convict nobody', (_what, proof) => {
  expect(verify(proof)).toMatchObject({ exitCode: 1, data: { valid: false } });
});

test('a file that is no proof is refused with the place', () => {
  expect(() => verify({ kind: 'equivocation' })).toThrow(/proof\.json/);
  expect(() => verify({ ...twice('00', '00'), kind: 'silence' })).toThrow(/kind/);
});
