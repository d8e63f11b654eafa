import { isDeepStrictEqual } from 'node:util';
import { fromBinary } from '@bufbuild/protobuf';
import { ceremonyId, type KeyOrigin, keysetOf } from '../../domain/ceremony/ceremony.ts';
import {
  certificateDigest,
  chaincodeOf,
  keygenTranscript,
  selfTestMessage,
  selfTestRequestDigest,
  selfTestTweak,
} from '../../domain/ceremony/digests.ts';
import { judgeOrigin } from '../../domain/ceremony/origin.ts';
import { fewestParticipants, judgeParticipants } from '../../domain/ceremony/participants.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import type { KeygenEvidence } from '../../domain/ceremony/evidence.ts';
import { digestOf, TAGS } from '../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import {
  CertificateHeldSchema,
  KeyActiveSchema,
  KeygenParametersSchema,
  KeygenTranscriptSchema,
  PartialSignaturesSchema,
  Round,
  SelfTestRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { originOf } from '../../wire/key-origin.ts';
import { type Checks, commitmentsFor, envelopesFrom, openAll, openFromAll, require, same } from './checks.ts';

/** Recomputes a key generation from its transcript: who took part, what all of them signed, and that the key signs. */
export function verifyKeygen(genesis: NetworkGenesis, evidence: KeygenEvidence, checks: Checks): void {
  const { ceremony, epoch } = evidence;
  const parametersBytes = fromHex(evidence.parametersHex, 'parameters');
  const about = { ceremony, epoch, keyset: evidence.keyset };

  const { participants, purpose, origin } = checks.run('parameters are those of the pinned network', () => {
    const parameters = fromBinary(KeygenParametersSchema, parametersBytes);
    const identities = parameters.identities.map(toHex).join();
    require(identities === genesis.validators.map((entry) => entry.identity).join(), 'other host identities take part');
    require(parameters.environment === genesis.environment &&
      parameters.network === genesis.name, `made for ${parameters.environment}/${parameters.network}`);
    require(parameters.threshold === genesis.threshold && parameters.epoch === epoch, 'another threshold or epoch');
    require(ceremonyId('keygen', digestOf(TAGS.keygenParameters, parametersBytes)) ===
      ceremony, 'the ceremony id is not theirs');
    require(keysetOf(ceremony) === evidence.keyset, 'the keyset id is not that of the ceremony');
    const origin = originOf(parameters);
    const allowed = judgeParticipants(parameters.participants, origin, genesis);
    if (!allowed.ok) throw failureOf(allowed.refusal);
    const who = allowed.value.length === genesis.validators.length ? '' : ` (validators ${allowed.value.join(' ')})`;
    return [
      { participants: allowed.value, purpose: parameters.purpose, origin },
      `${parameters.threshold} of ${allowed.value.length}${who}, epoch ${epoch}`,
    ];
  });

  const transcript = checks.run('both rounds are signed by every participant', () => {
    const commitments = openFromAll(genesis, participants, envelopesFrom(evidence.commitments), {
      ...about,
      round: Round.KEYGEN_COMMITMENTS,
    });
    const shares = openFromAll(genesis, participants, envelopesFrom(evidence.shares), {
      ...about,
      round: Round.KEYGEN_SHARES,
    });
    const headers = (round: typeof commitments): Uint8Array[] => [...round.values()].map((one) => one.envelope.header);
    return [
      keygenTranscript(parametersBytes, headers(commitments), headers(shares)),
      `${commitments.size} + ${shares.size} envelopes`,
    ];
  });

  const key = checks.run('the certificate is signed by every participant', () => {
    const verdict = verifyCertificate(evidence.certificate, genesis);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    return [verdict.value, `keyset ${verdict.value.keyset}`];
  });

  checks.run('every participant saw the same transcript and the same key', () => {
    require(key.transcript === transcript &&
      key.chaincode === chaincodeOf(transcript), 'the certified key names another transcript');
    require(key.keyset === evidence.keyset && key.epoch === epoch, 'the certified key is another one');
    require(key.participants.join() === participants.join(), 'the certified key has other participants');
    require(isDeepStrictEqual(key.origin, origin), 'the certified key names another run or step than was proposed');
    const packageHex = toHex(encodeDocument(key));
    const said = openFromAll(genesis, participants, envelopesFrom(evidence.transcripts), {
      ...about,
      round: Round.KEYGEN_TRANSCRIPT,
    });
    for (const [validator, { payload }] of said) {
      const statement = fromBinary(KeygenTranscriptSchema, payload);
      require(same(statement.transcriptDigest, transcript), `validator ${validator} saw another transcript`);
      require(same(statement.publicPackage, packageHex), `validator ${validator} computed another key`);
    }
    return [undefined, `transcript ${transcript.slice(0, 16)}…`];
  });

  if (key.origin !== undefined) verifyVotes(genesis, evidence, key, purpose, key.origin, checks);

  const digest = certificateDigest(key);
  checks.run('every participant holds the certificate', () => {
    const held = openFromAll(genesis, participants, envelopesFrom(evidence.held), {
      keyset: key.keyset,
      epoch,
      round: Round.KEYGEN_CERTIFICATE_HELD,
    });
    for (const [validator, { payload }] of held) {
      require(same(
        fromBinary(CertificateHeldSchema, payload).certificateDigest,
        digest,
      ), `validator ${validator} holds another certificate`);
    }
    return [undefined, `${held.size} statements`];
  });

  const signature = checks.run('all participants signed the self-test together', () => [
    verifySelfTest(genesis, evidence, key),
    'every partial signature verifies',
  ]);

  checks.run('the participants activated this key', () => {
    const active = openAll(genesis, envelopesFrom(evidence.active), {
      keyset: key.keyset,
      epoch,
      round: Round.KEY_ACTIVE,
    });
    const activated = participants.filter((validator) => active.has(validator)).length;
    // All have shown that their share works; who fell silent after that cannot hold up a key that a run waits for.
    const fewest = key.origin === undefined ? participants.length : fewestParticipants(genesis.threshold);
    require(activated >= fewest &&
      active.size === activated, `${activated} of ${participants.length} participants made the statement`);
    for (const [validator, { payload }] of active) {
      const said = fromBinary(KeyActiveSchema, payload);
      require(same(said.certificateDigest, digest) &&
        same(said.selfTestSignature, toHex(signature)), `validator ${validator} activated something else`);
    }
    return [undefined, `${active.size} statements`];
  });
}

/** Votes that the pinned committee gave; those of a later one rest on a chain of epochs that this file does not hold. */
function verifyVotes(
  genesis: NetworkGenesis,
  { proof, epoch }: KeygenEvidence,
  { participants }: KeygenEvidence['certificate']['package'],
  purpose: string,
  origin: KeyOrigin,
  checks: Checks,
): void {
  const votes = proof?.certificate.subject;
  if (proof !== undefined && votes !== undefined && votes.committeeEpoch !== genesis.committee.epoch) {
    checks.claims.push(
      `committee ${votes.committeeEpoch} voted for this key at step ${origin.step} of run ${origin.run}; "vote verify" with its chain checks it`,
    );
    return;
  }
  checks.run('the committee voted for this key', () => {
    require(proof !== undefined && votes !== undefined, 'the key names a run and there are no votes');
    const asked = { epoch, purpose, participants, origin };
    // Judged as of their own time: evidence outlives the votes.
    const verdict = judgeOrigin(asked, proof, firstAuthority(genesis), genesis.threshold, votes.expiresAtSeconds - 1);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    return [undefined, `${verdict.value.length} members, step ${origin.step} of run ${origin.run}`];
  });
}

function verifySelfTest(
  genesis: NetworkGenesis,
  evidence: KeygenEvidence,
  key: KeygenEvidence['certificate']['package'],
): Uint8Array {
  const { selfTest } = evidence;
  const requestBytes = fromHex(selfTest.requestHex, 'self-test request');
  const request = fromBinary(SelfTestRequestSchema, requestBytes);
  require(request.ceremony === selfTest.ceremony &&
    request.keyset === key.keyset, 'the self-test request is about something else');
  const about = { ceremony: selfTest.ceremony, keyset: key.keyset, epoch: key.epoch };
  const committed = openFromAll(genesis, key.participants, request.commitments, {
    ...about,
    round: Round.SIGNING_COMMITMENTS,
  });
  const partials = openFromAll(genesis, key.participants, envelopesFrom(selfTest.partials), {
    ...about,
    round: Round.SIGNING_PARTIAL,
  });
  const digest = selfTestRequestDigest(requestBytes);
  const shares = new Map(
    [...partials].map(([validator, { payload }]) => {
      const said = fromBinary(PartialSignaturesSchema, payload);
      require(same(said.requestDigest, digest), `validator ${validator} signed another self-test`);
      return [validator, said.shares[0] ?? new Uint8Array(0)] as const;
    }),
  );
  const signature = verifyingSuite.aggregate(
    key,
    selfTestTweak(key),
    commitmentsFor(committed, 0),
    selfTestMessage(key, selfTest.ceremony),
    shares,
  );
  require(same(signature, selfTest.signatureHex), 'the partial signatures add up to another signature');
  return signature;
}
