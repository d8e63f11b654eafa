import { generateKeyPairSync } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { toHex } from '../domain/encoding/hex.ts';
import { type NetworkGenesis, validatorId } from '../domain/network/network.ts';
import { openEnvelope, sealEnvelope } from './envelope.ts';
import { type Envelope, EnvelopeSchema, Round } from './generated/firebreak/v1/messages_pb.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const genesis = {
  name: 'envelopes',
  environment: 'development',
  validators: [
    { id: validatorId(1), identity: toHex(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)) },
  ],
} as unknown as NetworkGenesis;
const about = { suite: 'a suite', keyset: 'aa'.repeat(16), epoch: 1, ceremony: '', round: Round.STATUS };
const said = (ceremony = ''): Envelope =>
  sealEnvelope(genesis, validatorId(1), privateKey, { ...about, ceremony }, Buffer.from('said'));

/** Field 15 of wire type 2 with a thousand bytes. */
const WEIGHT = Uint8Array.of(0x7a, 0xe8, 0x07, ...new Uint8Array(1_000));

test('an envelope is carried on without what nobody signed', () => {
  const plain = toBinary(EnvelopeSchema, said());
  const heavy = fromBinary(EnvelopeSchema, Uint8Array.of(...plain, ...WEIGHT));
  expect(toBinary(EnvelopeSchema, heavy).length).toBeGreaterThan(plain.length);
  const opened = openEnvelope(genesis, heavy, { round: Round.STATUS });
  if (!opened.ok) throw new Error(opened.refusal.message);
  expect(Buffer.from(toBinary(EnvelopeSchema, opened.value.envelope)).equals(plain)).toBe(true);
});

test('a header that is heavier than any honest one is refused, whoever signed it', () => {
  const heavy = said('x'.repeat(2_000));
  expect(openEnvelope(genesis, heavy, { round: Round.STATUS })).toMatchObject({
    refusal: { code: 'input.envelope-malformed' },
  });
  expect(openEnvelope(genesis, create(EnvelopeSchema, said()), { round: Round.STATUS }).ok).toBe(true);
});
