import { fromBinary } from '@bufbuild/protobuf';
import { signingRequestDigest } from '../../domain/ceremony/digests.ts';
import type { PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import type { SigningEvidence, SigningSessionEvidence, SweepEvidence } from '../../domain/ceremony/evidence.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { failureOf } from '../../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../../domain/network/network.ts';
import type { TransactionCodec } from '../../domain/ports/chain.ts';
import { type Outpoint, outpointText, type Sats, vaultIdOf } from '../../domain/vault/terms.ts';
import { judgeTerms } from '../../domain/vault/verify-terms.ts';
import type { SignerCommitment } from '../../threshold/suite.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import { auditNonces, type NonceAudit, type NonceUse } from '../../threshold/verify/nonce-audit.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { vaultScript, vaultTweakOf } from '../../threshold/verify/vault-script.ts';
import {
  PartialSignaturesSchema,
  Round,
  SigningCommitmentsSchema,
  type SigningRequest,
  SigningRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { claimsOf } from './claims.ts';
import { type Checks, commitmentsFor, envelopesFrom, openAll, require, same } from './checks.ts';

type Session = {
  readonly request: SigningRequest;
  readonly messages: readonly Uint8Array[];
  /** Signers that had said so when they were asked to sign. */
  readonly locks: number;
  /** Per input. */
  readonly signers: readonly (readonly SignerCommitment[])[];
  readonly shares: readonly ReadonlyMap<ValidatorId, Uint8Array>[];
};

/** What the coordinator calls a partial signature that does not verify. */
const FAULT = 'signer-fault.partial';
const wrongOf = (faulty: ReadonlySet<ValidatorId>): string =>
  faulty.size === 0 ? '' : `; wrong, and signed by its validator: ${[...faulty].map(validatorName).join(', ')}`;

/** On whose word coins moved: what the requests must carry, and where the coins must go. */
export type Word = {
  carriedBy(request: SigningRequest): void;
  readonly destination: { readonly script: string; readonly name: string };
  /** What else the word says about the coins, their sum and the fee. */
  coins?(inputs: readonly Outpoint[], sumSats: Sats, feeSats: Sats): void;
};

export type SpendEvidence = SigningEvidence | SweepEvidence;

/** Key and terms, before anybody's word for a spend is looked at. */
export function verifyGround(genesis: NetworkGenesis, evidence: SpendEvidence, checks: Checks): PublicKeyPackage {
  const key = checks.run('the certificate is signed by every participant', () => {
    const verdict = verifyCertificate(evidence.certificate, genesis);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    return [verdict.value, `keyset ${verdict.value.keyset}`];
  });
  checks.run('the terms are signed by their owner', () => {
    const verdict = judgeTerms(evidence.terms, genesis);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    return [undefined, `vault ${verdict.value}`];
  });
  return key;
}

/** Recomputes a spend from its transcript: what was signed by whom, and that the transaction is exactly that. */
export function verifySpend(
  genesis: NetworkGenesis,
  evidence: SpendEvidence,
  word: Word,
  codec: TransactionCodec,
  checks: Checks,
): void {
  const { terms } = evidence.terms;
  const { package: key } = evidence.certificate;
  const script = vaultScript(key, terms);
  const tweak = vaultTweakOf(terms);
  const nonces: NonceUse[] = [];
  const last = evidence.sessions.at(-1);
  const sessions = evidence.sessions.map((session) =>
    checks.run(`session ${session.ceremony}`, () => {
      const read = readSession(genesis, evidence, session, codec, script, word);
      const digest = signingRequestDigest(fromHex(session.requestHex, 'request'));
      const faulty = new Set<ValidatorId>();
      read.signers.forEach((signers, input) => {
        for (const { validator, nonces: pair } of signers)
          nonces.push({ validator, request: digest, input, nonces: pair });
        for (const [validator, share] of read.shares[input] ?? []) {
          const message = read.messages[input] ?? new Uint8Array(0);
          if (verifyingSuite.verifyPartial(key, tweak, signers, message, validator, share)) continue;
          // A session that was given up may hold a wrong one, signed by its validator: the proof of its fault.
          const accused = session.without.some((each) => each.validator === validator && each.code === FAULT);
          require(accused && session !== last, `partial signature of validator ${validator} does not verify`);
          faulty.add(validator);
        }
      });
      const signed = new Set([...(read.shares[0]?.keys() ?? [])].filter((validator) => !faulty.has(validator)));
      const signers = new Set(read.signers[0]?.map(({ validator }) => validator).filter((each) => !faulty.has(each)));
      const without = session.without.filter(({ validator }) => !faulty.has(validator as ValidatorId));
      checks.claims.push(...claimsOf({ ceremony: session.ceremony, without }, signers, signed, session === last));
      const count = signed.size;
      return [
        read,
        `${read.signers[0]?.length ?? 0} commitments, ${read.locks} locks, ${count} partial signatures, all valid${wrongOf(faulty)}`,
      ];
    }),
  );

  checks.run('whoever used a nonce twice is named', () => [undefined, nonceFinding(auditNonces(nonces))]);

  checks.run('the transaction is exactly what was signed', () => {
    const complete = sessions.at(-1);
    require(complete !== undefined, 'there is no session');
    const signatures = complete.messages.map((message, input) =>
      verifyingSuite.aggregate(key, tweak, complete.signers[input] ?? [], message, complete.shares[input] ?? new Map()),
    );
    require(signatures.map(toHex).join() ===
      evidence.signaturesHex.join(), 'the partial signatures add up to other signatures');
    const signed = codec.attachSignatures(complete.request.transaction, signatures);
    require(same(signed, evidence.transactionHex), 'the transaction is another one');
    return [undefined, `txid ${codec.readTransaction(signed).txid}`];
  });
}

/**
 * No reason to doubt the transcript: a hostile signer may repeat its own commitments, or those of another, and the payout of the honest ones
 * is as good. It is whose share may be known that people must hear of.
 */
export function nonceFinding({ examined, reused }: NonceAudit): string {
  const looked = `${examined} commitments examined`;
  if (reused.length === 0) return looked;
  const validators = [...new Set(reused.flatMap(({ uses }) => uses.map(({ validator }) => validator)))].sort(
    (a, b) => a - b,
  );
  return `${looked}, ${reused.length} of them in two places: by ${validators.map(validatorName).join(', ')}; whoever signed under both has shown its share, rotate the key without it`;
}

function readSession(
  genesis: NetworkGenesis,
  evidence: SpendEvidence,
  session: SigningSessionEvidence,
  codec: TransactionCodec,
  script: string,
  word: Word,
): Session {
  const bytes = fromHex(session.requestHex, 'request');
  const request = fromBinary(SigningRequestSchema, bytes);
  const { package: key } = evidence.certificate;
  require(request.environment === genesis.environment &&
    request.network === genesis.name, 'the request is for another network');
  require(request.ceremony === session.ceremony &&
    request.keyset === key.keyset &&
    request.epoch === key.epoch, 'the request is about another ceremony or key');
  word.carriedBy(request);
  checkTransaction(evidence, request, codec, script, word);
  const about = { ceremony: session.ceremony, keyset: key.keyset, epoch: key.epoch };
  const committed = openAll(genesis, request.commitments, { ...about, round: Round.SIGNING_COMMITMENTS });
  require(committed.size >= genesis.threshold, `${committed.size} signers, ${genesis.threshold} are needed`);
  const { txid } = codec.readTransaction(request.transaction);
  // A build before ADR 0024 says nothing about what it has locked.
  const words = [...committed].filter(([validator, { payload }]) => {
    const { locked } = fromBinary(SigningCommitmentsSchema, payload);
    require(locked === '' || locked === txid, `validator ${validator} had locked its outputs for another transaction`);
    return locked === txid;
  });
  const digest = signingRequestDigest(bytes);
  const partials = [
    ...openAll(genesis, envelopesFrom(session.partials), { ...about, round: Round.SIGNING_PARTIAL }),
  ].map(([validator, { payload }]) => {
    const said = fromBinary(PartialSignaturesSchema, payload);
    require(committed.has(validator), `validator ${validator} signed without having committed`);
    require(same(said.requestDigest, digest) &&
      said.shares.length === request.inputs.length, `validator ${validator} signed another request`);
    return [validator, said.shares] as const;
  });
  const messages = codec.sighashes(
    request.transaction,
    request.inputs.map(({ prevout }) => ({
      script: toHex(prevout?.script ?? new Uint8Array(0)),
      amountSats: Number(prevout?.amountSats ?? 0n),
    })),
  );
  return {
    request,
    messages,
    locks: words.length,
    signers: messages.map((_message, input) => commitmentsFor(committed, input)),
    shares: messages.map(
      (_message, input) =>
        new Map(partials.map(([validator, shares]) => [validator, shares[input] ?? new Uint8Array(0)])),
    ),
  };
}

/** Every input is a deposit of the vault, the only output goes where the word says, and the fee is within the terms. */
function checkTransaction(
  evidence: SpendEvidence,
  request: SigningRequest,
  codec: TransactionCodec,
  script: string,
  word: Word,
): void {
  const { terms } = evidence.terms;
  const { inputs, outputs } = codec.readTransaction(request.transaction);
  require(request.inputs.length === inputs.length, 'the request names another number of inputs');
  let sum = 0;
  request.inputs.forEach(({ vault, prevout }, index) => {
    require(vault === vaultIdOf(terms), `input ${index} is of another vault`);
    require(prevout !== undefined &&
      `${prevout.txid}:${prevout.vout}` ===
        outpointText(inputs[index] ?? { txid: '', vout: 0 }), `input ${index} is another coin`);
    require(same(prevout.script, script), `input ${index} does not lie at the vault's address`);
    sum += Number(prevout.amountSats);
  });
  const [output, ...others] = outputs;
  require(output !== undefined &&
    others.length === 0 &&
    output.script === word.destination.script, `the coins go elsewhere than ${word.destination.name}`);
  const fee = sum - output.amountSats;
  word.coins?.(inputs, sum, fee);
  require(fee <= terms.maximumFeeSats, `the fee is ${fee} sat, the terms allow ${terms.maximumFeeSats}`);
}
