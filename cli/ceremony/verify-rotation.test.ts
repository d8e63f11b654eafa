import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { keysetOf } from '../../domain/ceremony/ceremony.ts';
import type { KeygenEvidence } from '../../domain/ceremony/evidence.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { validatorId } from '../../domain/network/network.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { TestFleet } from '../../validator/custody/testkit/agents.ts';
import { certificateOf, keygenParameters, runSelfTest } from '../../validator/custody/testkit/ceremonies.ts';
import { testNetwork } from '../../validator/custody/testkit/network.ts';
import { ORIGIN, rotation, votesFor } from '../../validator/custody/testkit/votes.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import { type Envelope, EnvelopeSchema, SelfTestRequestSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { Checks } from './checks.ts';
import { evidenceFrom } from './document.ts';
import { verifyEvidence } from './verify.ts';

/** Six validators, the last one a spare; three sign, and the third is under suspicion. */
const PARTICIPANTS = [1, 2, 4, 5, 6].map(validatorId);
const nowMs = Date.now();
const network = testNetwork(6, 3);
const validators = network.genesis.validators.map((entry) =>
  entry.id === 6 ? { ...entry, spare: true as const } : entry,
);
const pinned = { ...network, genesis: { ...network.genesis, validators } };

let fleet: TestFleet;
let evidence: KeygenEvidence;
beforeAll(async () => {
  fleet = new TestFleet(6, 3, {
    codec: transactionCodec('regtest'),
    keystore: () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined }),
    clock: () => nowMs,
    network: pinned,
  });
  evidence = await rotated();
});
afterAll(() => fleet.close());

const hexes = (envelopes: readonly Envelope[]): string[] =>
  envelopes.map((envelope) => toHex(toBinary(EnvelopeSchema, envelope)));

/** A whole key generation for a step of a run, as its coordinator would write it down. */
async function rotated(): Promise<KeygenEvidence> {
  const proof = votesFor(pinned, rotation(PARTICIPANTS, 1, 2), { nowMs });
  const { parameters, ceremony } = keygenParameters(fleet, 2, { participants: PARTICIPANTS, origin: ORIGIN });
  const start = { parameters, proof: encodeDocument(proof) };
  const commitments = await fleet.askAll({ case: 'startKeygen', value: start }, PARTICIPANTS);
  const shares = await fleet.askAll({ case: 'keygenShares', value: { ceremony, commitments } }, PARTICIPANTS);
  const transcripts = await fleet.askAll({ case: 'finishKeygen', value: { ceremony, shares } }, PARTICIPANTS);
  const certificate = certificateOf(transcripts);
  const hold = { case: 'holdCertificate', value: { certificate: encodeDocument(certificate) } } as const;
  const held = await fleet.askAll(hold, PARTICIPANTS);
  const selfTest = await runSelfTest(fleet, certificate.package);
  const active = await fleet.askAll({ case: 'activateKey', value: selfTest }, PARTICIPANTS);
  return {
    version: 1,
    kind: 'keygen',
    environment: pinned.genesis.environment,
    network: pinned.genesis.name,
    ceremony,
    keyset: keysetOf(ceremony),
    epoch: 2,
    parametersHex: toHex(parameters),
    commitments: hexes(commitments),
    shares: hexes(shares),
    transcripts: hexes(transcripts),
    certificate,
    proof,
    held: hexes(held),
    selfTest: {
      ceremony: fromBinary(SelfTestRequestSchema, selfTest.request).ceremony as KeygenEvidence['ceremony'],
      requestHex: toHex(selfTest.request),
      partials: hexes(selfTest.partials),
      signatureHex: toHex(selfTest.signature),
    },
    active: hexes(active),
  };
}

/** The check that fails, undefined when all pass; what is believed is what a file says. */
function failing(changed: KeygenEvidence): string | undefined {
  const checks = new Checks();
  try {
    const read = evidenceFrom(JSON.parse(JSON.stringify(changed)), 'keygen', 'a test');
    verifyEvidence(pinned.genesis, read, checks);
  } catch (error) {
    const failed = checks.done.find(({ ok }) => !ok);
    if (failed === undefined) throw error;
    return failed.name;
  }
  return undefined;
}

test('a key that was voted for convinces whoever pinned the network, and says by whose votes', () => {
  const checks = new Checks();
  verifyEvidence(pinned.genesis, evidence, checks);
  expect(checks.done.every(({ ok }) => ok)).toBe(true);
  expect(checks.done.find(({ name }) => name.includes('voted'))?.detail).toBe(
    `3 members, step rotate of run ${ORIGIN.run}`,
  );
  expect(failing(evidence)).toBeUndefined();
});

test('a participant that never said that it activated the key is missed by nobody, a second one is', () => {
  expect(failing({ ...evidence, active: evidence.active.slice(1) })).toBeUndefined();
  expect(failing({ ...evidence, active: evidence.active.slice(2) })).toBe('the participants activated this key');
});

const votes = (covers: Parameters<typeof votesFor>[1], change: object = {}) =>
  votesFor(pinned, covers, { nowMs, ...change });
test.each<[string, () => KeygenEvidence, string]>([
  [
    'no votes',
    () => {
      const { proof: _proof, ...without } = evidence;
      return without;
    },
    'the committee voted for this key',
  ],
  [
    'votes of another run',
    () => ({ ...evidence, proof: votes(rotation(PARTICIPANTS, 1, 2), { subject: { run: 'runPlaybook/test/2' } }) }),
    'the committee voted for this key',
  ],
  [
    'votes for others',
    () => ({ ...evidence, proof: votes(rotation([1, 2, 3, 4, 5], 1, 2)) }),
    'the committee voted for this key',
  ],
  [
    'too few votes',
    () => ({ ...evidence, proof: votes(rotation(PARTICIPANTS, 1, 2), { voters: pinned.committee.slice(0, 2) }) }),
    'the committee voted for this key',
  ],
  [
    'a certificate that names another run',
    () => ({
      ...evidence,
      certificate: {
        ...evidence.certificate,
        package: { ...evidence.certificate.package, origin: { ...ORIGIN, run: 'runPlaybook/test/2' } },
      },
    }),
    'the certificate is signed by every participant',
  ],
  [
    'a round without one of them',
    () => ({ ...evidence, shares: evidence.shares.slice(1) }),
    'both rounds are signed by every participant',
  ],
])('what has %s is found', (_name, change, check) => {
  expect(failing(change())).toBe(check);
});

test('votes of a later committee are a claim until its chain is there, and no proof', () => {
  const checks = new Checks();
  const later = votes(rotation(PARTICIPANTS, 1, 2), { subject: { committeeEpoch: 2 } });
  verifyEvidence(pinned.genesis, { ...evidence, proof: later }, checks);
  expect(checks.claims.join()).toContain('committee 2 voted');
});
