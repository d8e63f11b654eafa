import type { KeyObject } from 'node:crypto';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { type CeremonyId, ceremonyId, type KeyState, keysetOf } from '../../../domain/ceremony/ceremony.ts';
import {
  certificateDigest,
  selfTestMessage,
  selfTestRequestDigest,
  selfTestTweak,
  signingRequestDigest,
} from '../../../domain/ceremony/digests.ts';
import { canonicalBytes, type Digest, digestOf, TAGS } from '../../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import type { BitcoinChain } from '../../../domain/ports/chain.ts';
import { type SignedTerms, vaultIdOf } from '../../../domain/vault/terms.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import type { VaultTweak } from '../../../threshold/suite.ts';
import { vaultScript, vaultTweakOf } from '../../../threshold/verify/vault-script.ts';
import { signersOf } from '../../../activities/commitments.ts';
import { parseKeyCertificate, parseSignedTerms } from '../../../wire/documents/index.ts';
import { sealEnvelope } from '../../../wire/envelope.ts';
import {
  CertificateHeldSchema,
  DepositsSeenSchema,
  type Envelope,
  FeeSeenSchema,
  KeyActiveSchema,
  KeygenParametersSchema,
  KeygenTranscriptSchema,
  PartialSignaturesSchema,
  type Request,
  RequestSchema,
  ResponseSchema,
  Round,
  SelfTestRequestSchema,
  SigningCommitmentsSchema,
  SigningRequestSchema,
  TermsHeldSchema,
  ValidatorStatusSchema,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { sign } from 'node:crypto';
import { type DealtKey, dealKey, shareIn } from './dealer.ts';
import { type KeygenDeeds, KeygenPart } from './keygen-part.ts';

export type RequestCase = NonNullable<Request['body']['case']>;
/** What a scenario lets happen to a request: an answer, a refusal with this code, or silence. */
export type Behaviour = 'answer' | 'silent' | { readonly refuse: string };

/** The protocol of a validator without its safety: honest, forgetful only where a scenario says so. */
export class TestValidator {
  readonly id: ValidatorId;
  /** Every request that arrived, by kind, in order. */
  readonly asked: RequestCase[] = [];
  behave: (request: RequestCase, validator: TestValidator) => Behaviour = () => 'answer';
  keyState: KeyState = 'active';
  /** Signs a package of its own making. */
  dealsOtherKey = false;
  /** What it does wrong in key generations. */
  readonly deeds: KeygenDeeds = {};
  /** What its Bitcoin node estimates; zero: nothing. */
  feeSatsPerKvb = 0;
  /** Signs payouts with a share that is not its own: valid statements with wrong partial signatures. */
  spoilsPartials = false;
  /** Digest of every request that a partial was given for: a nonce must not meet two. */
  readonly signed = new Map<string, string>();
  readonly #genesis: NetworkGenesis;
  readonly #identity: KeyObject;
  readonly #chain: BitcoinChain;
  readonly #parts = new Map<string, KeygenPart>();
  readonly #keys = new Map<string, DealtKey>();
  readonly #epochs = new Map<string, number>();
  readonly #terms = new Map<string, SignedTerms>();
  readonly #nonces = new Map<string, { secrets: Uint8Array[]; envelope: Envelope }>();
  readonly #partials = new Map<string, Envelope>();

  constructor(genesis: NetworkGenesis, id: ValidatorId, identity: KeyObject, chain: BitcoinChain) {
    this.id = id;
    this.#genesis = genesis;
    this.#identity = identity;
    this.#chain = chain;
  }

  async handle(bytes: Uint8Array): Promise<Uint8Array> {
    const { body } = fromBinary(RequestSchema, bytes);
    if (body.case === undefined) return refusal('input.request', 'an empty request');
    this.asked.push(body.case);
    const behaviour = this.behave(body.case, this);
    if (behaviour === 'silent') return new Promise<never>(() => undefined);
    if (behaviour !== 'answer') return refusal(behaviour.refuse, 'as the scenario wants');
    const answer = this.#answer(body);
    return 'code' in answer ? refusal(answer.code, 'no') : response({ case: 'envelope', value: answer });
  }

  #answer(body: Request['body']): Envelope | { code: string } {
    switch (body.case) {
      case 'startKeygen':
        return this.#startKeygen(body.value.parameters);
      case 'keygenShares':
        return this.#keygenShares(body.value.ceremony as CeremonyId, body.value.commitments);
      case 'finishKeygen':
        return this.#finishKeygen(body.value.ceremony as CeremonyId, body.value.shares);
      case 'holdCertificate':
        return this.#hold(body.value.certificate);
      case 'sayKeyset':
        return this.#held(body.value.keyset);
      case 'giveCommitments':
        return this.#commit(body.value.ceremony, body.value.keyset, body.value.count, body.value.proposal);
      case 'giveSelfTestPartial':
        return this.#selfTest(body.value.request);
      case 'givePartials':
        return this.#partial(body.value.request);
      case 'activateKey':
        return this.#activate(body.value.request, body.value.signature);
      case 'holdTerms':
        return this.#holdTerms(body.value.signedTerms, body.value.keyset);
      case 'sayDeposits':
        return this.#deposits(body.value.vault, body.value.keyset);
      case 'sayFee':
        return this.#fee();
      case 'sayStatus':
        return this.#status();
      default:
        return { code: 'input.request' };
    }
  }

  #said(round: Round, keyset: string, payload: Uint8Array, ceremony = ''): Envelope {
    const epoch = this.#epochs.get(keyset) ?? 0;
    const fields = { suite: signingSuite.id, keyset, epoch, ceremony, round };
    return sealEnvelope(this.#genesis, this.id, this.#identity, fields, payload);
  }

  #startKeygen(bytes: Uint8Array): Envelope {
    const { epoch, participants, origin } = fromBinary(KeygenParametersSchema, bytes);
    const ceremony = ceremonyId('keygen', digestOf(TAGS.keygenParameters, bytes));
    const { threshold } = this.#genesis;
    const dealt = dealKey(
      ceremony,
      this.dealsOtherKey ? epoch + 1 : epoch,
      threshold,
      participants.map(validatorId),
      origin && { run: origin.run, step: origin.step, playbook: origin.playbook as Digest },
    );
    this.#keys.set(keysetOf(ceremony), dealt);
    this.#epochs.set(keysetOf(ceremony), epoch);
    const part = new KeygenPart(
      this.id,
      { parameters: bytes, ceremony, threshold },
      participants.map(validatorId),
      this.deeds,
    );
    this.#parts.set(ceremony, part);
    return this.#said(Round.KEYGEN_COMMITMENTS, keysetOf(ceremony), part.opening(), ceremony);
  }

  /** The shares are real; the key that follows is not made of them (`dealKey`). */
  #keygenShares(ceremony: CeremonyId, round: readonly Envelope[]): Envelope | { code: string } {
    const part = this.#parts.get(ceremony);
    if (part === undefined) return { code: 'conflict.keygen-lost' };
    return this.#said(Round.KEYGEN_SHARES, keysetOf(ceremony), part.shares(round), ceremony);
  }

  #finishKeygen(ceremony: CeremonyId, shares: readonly Envelope[]): Envelope | { code: string } {
    const key = this.#keys.get(keysetOf(ceremony));
    const part = this.#parts.get(ceremony);
    if (key === undefined || part === undefined) return { code: 'conflict.keygen-lost' };
    const complaint = part.complaint(shares);
    if (complaint !== undefined) return this.#said(Round.KEYGEN_COMPLAINT, keysetOf(ceremony), complaint, ceremony);
    const payload = toBinary(
      KeygenTranscriptSchema,
      create(KeygenTranscriptSchema, {
        transcriptDigest: fromHex(key.package.transcript, 'transcript'),
        publicPackage: canonicalBytes(key.package),
        certificateSignature: sign(null, fromHex(certificateDigest(key.package), 'certificate'), this.#identity),
      }),
    );
    return this.#said(Round.KEYGEN_TRANSCRIPT, keysetOf(ceremony), payload, ceremony);
  }

  /** Of a key that it takes no part in it has the certificate and no share. */
  #hold(certificate: Uint8Array): Envelope | { code: string } {
    const { package: key } = parseKeyCertificate(certificate, 'certificate');
    if (!key.participants.includes(this.id)) {
      this.#keys.set(key.keyset, { package: key, shares: [] });
      this.#epochs.set(key.keyset, key.epoch);
    }
    return this.#held(key.keyset);
  }

  #held(keyset: string): Envelope | { code: string } {
    const key = this.#keys.get(keyset);
    if (key === undefined) return { code: 'not-yet.keyset' };
    const held = create(CertificateHeldSchema, {
      certificateDigest: fromHex(certificateDigest(key.package), 'digest'),
    });
    return this.#said(Round.KEYGEN_CERTIFICATE_HELD, keyset, toBinary(CertificateHeldSchema, held));
  }

  #commit(ceremony: string, keyset: string, count: number, proposal: Uint8Array): Envelope | { code: string } {
    const share = shareIn(this.#keys.get(keyset), this.id);
    if (share === undefined) return { code: 'conflict.keyset-unknown' };
    const known = this.#nonces.get(ceremony);
    if (known !== undefined) return known.envelope;
    const pairs = Array.from({ length: count }, () => signingSuite.commit(share.slice(), this.id));
    const { transaction } = fromBinary(SigningRequestSchema, proposal);
    const locked = transaction.length === 0 ? '' : this.#chain.codec.readTransaction(transaction).txid;
    const payload = create(SigningCommitmentsSchema, { commitments: pairs.map(({ nonces }) => nonces), locked });
    const envelope = this.#said(
      Round.SIGNING_COMMITMENTS,
      keyset,
      toBinary(SigningCommitmentsSchema, payload),
      ceremony,
    );
    this.#nonces.set(ceremony, { secrets: pairs.map(({ secret }) => secret), envelope });
    return envelope;
  }

  #selfTest(bytes: Uint8Array): Envelope | { code: string } {
    const request = fromBinary(SelfTestRequestSchema, bytes);
    const key = this.#keys.get(request.keyset);
    if (key === undefined) return { code: 'conflict.keyset-unknown' };
    const message = selfTestMessage(key.package, request.ceremony as CeremonyId);
    return this.#sign(selfTestRequestDigest(bytes), request, [message], selfTestTweak(key.package));
  }

  #partial(bytes: Uint8Array): Envelope | { code: string } {
    const request = fromBinary(SigningRequestSchema, bytes);
    const terms = this.#terms.get(request.inputs[0]?.vault ?? '');
    if (terms === undefined) return { code: 'policy.vault-unknown' };
    const prevouts = request.inputs.map(({ prevout }) => ({
      script: toHex(prevout?.script ?? new Uint8Array(0)),
      amountSats: Number(prevout?.amountSats ?? 0n),
    }));
    const messages = this.#chain.codec.sighashes(request.transaction, prevouts);
    return this.#sign(signingRequestDigest(bytes), request, messages, vaultTweakOf(terms.terms));
  }

  #sign(
    digest: string,
    request: { readonly ceremony: string; readonly keyset: string; readonly commitments: readonly Envelope[] },
    messages: readonly Uint8Array[],
    tweak: VaultTweak,
  ): Envelope | { code: string } {
    const stored = this.#partials.get(digest);
    if (stored !== undefined) return stored;
    const key = this.#keys.get(request.keyset);
    const own = this.#nonces.get(request.ceremony);
    if (key === undefined || own === undefined || this.signed.has(request.ceremony))
      return { code: 'conflict.nonce-burnt' };
    this.signed.set(request.ceremony, digest);
    const place = key.package.participants.indexOf(this.id);
    const holder = this.spoilsPartials ? (place + 1) % key.shares.length : place;
    const share = key.shares[holder] ?? new Uint8Array(0);
    const shares = messages.map((message, at) =>
      signingSuite.signShare(
        key.package,
        tweak,
        this.id,
        share.slice(),
        own.secrets[at] ?? new Uint8Array(0),
        signersOf(request.commitments, at),
        message,
      ),
    );
    const payload = create(PartialSignaturesSchema, { requestDigest: fromHex(digest, 'digest'), shares });
    const envelope = this.#said(
      Round.SIGNING_PARTIAL,
      request.keyset,
      toBinary(PartialSignaturesSchema, payload),
      request.ceremony,
    );
    this.#partials.set(digest, envelope);
    return envelope;
  }

  #activate(bytes: Uint8Array, signature: Uint8Array): Envelope | { code: string } {
    const { keyset } = fromBinary(SelfTestRequestSchema, bytes);
    const key = this.#keys.get(keyset);
    if (key === undefined) return { code: 'conflict.keyset-unknown' };
    const certificate = fromHex(certificateDigest(key.package), 'digest');
    const active = create(KeyActiveSchema, { certificateDigest: certificate, selfTestSignature: signature });
    return this.#said(Round.KEY_ACTIVE, keyset, toBinary(KeyActiveSchema, active));
  }

  #holdTerms(bytes: Uint8Array, keyset: string): Envelope | { code: string } {
    const key = this.#keys.get(keyset);
    if (key === undefined) return { code: 'conflict.keyset-unknown' };
    const terms = parseSignedTerms(bytes, 'terms of a test');
    const vault = vaultIdOf(terms.terms);
    this.#terms.set(vault, terms);
    const script = fromHex(vaultScript(key.package, terms.terms), 'script');
    return this.#said(Round.TERMS_HELD, keyset, toBinary(TermsHeldSchema, create(TermsHeldSchema, { vault, script })));
  }

  #deposits(vault: string, keyset: string): Envelope | { code: string } {
    const key = this.#keys.get(keyset);
    const terms = this.#terms.get(vault);
    if (key === undefined || terms === undefined) return { code: 'policy.vault-unknown' };
    const { anchor, outputs } = this.#chain.view.outputs(vaultScript(key.package, terms.terms));
    const seen = create(DepositsSeenSchema, {
      vault,
      anchorHash: anchor.hash,
      anchorHeight: anchor.height,
      outputs: outputs.map((output) => ({
        prevout: {
          ...output.outpoint,
          amountSats: BigInt(output.amountSats),
          script: fromHex(output.script, 'script'),
        },
        blockHash: output.blockHash,
        height: output.height,
        confirmations: output.confirmations,
      })),
    });
    return this.#said(Round.DEPOSITS_SEEN, keyset, toBinary(DepositsSeenSchema, seen));
  }

  #fee(): Envelope {
    const seen = create(FeeSeenSchema, {
      satsPerKvb: BigInt(this.feeSatsPerKvb),
      ...(this.feeSatsPerKvb === 0 ? { floorSatsPerKvb: 1_000n, reason: 'its node has seen too little' } : {}),
    });
    return this.#said(Round.FEE_SEEN, '', toBinary(FeeSeenSchema, seen));
  }

  #status(): Envelope {
    const keysets = [...this.#keys.values()].map(({ package: key }) => ({
      keyset: key.keyset,
      epoch: key.epoch,
      state: this.keyState,
      share: key.participants.includes(this.id),
    }));
    const status = create(ValidatorStatusSchema, { state: 'ready', keysets });
    return this.#said(Round.STATUS, '', toBinary(ValidatorStatusSchema, status));
  }
}

const response = (body: MessageInitShape<typeof ResponseSchema>['body']): Uint8Array =>
  toBinary(ResponseSchema, create(ResponseSchema, body === undefined ? {} : { body }));
const refusal = (code: string, message: string): Uint8Array => response({ case: 'refusal', value: { code, message } });
