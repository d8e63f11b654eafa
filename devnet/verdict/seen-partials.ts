import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import type { CeremonyId, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import {
  selfTestMessage,
  selfTestRequestDigest,
  selfTestTweak,
  signingRequestDigest,
} from '../../domain/ceremony/digests.ts';
import type { KeygenEvidence, SigningEvidence, SweepEvidence } from '../../domain/ceremony/evidence.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { type BitcoinNetwork, type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { vaultIdOf } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import type { SignerCommitment, VaultTweak } from '../../threshold/suite.ts';
import { vaultTweakOf } from '../../threshold/verify/vault-script.ts';
import { readJournal } from '../../validator/custody/journal/read.ts';
import { parseSignedTerms } from '../../wire/documents/index.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  PartialSignaturesSchema,
  ResponseSchema,
  SelfTestRequestSchema,
  SigningCommitmentsSchema,
  SigningRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { filesBelow } from '../files-below.ts';
import type { Layout } from '../layout.ts';
import type { SeenPartial } from './linear-solver.ts';

const BLOB_BYTES_MAX = 4_194_304;

/** What a request asked to be signed, input by input. */
type Asked = {
  readonly keyset: string;
  readonly inputs: readonly {
    readonly tweak: (key: PublicKeyPackage) => VaultTweak | undefined;
    readonly message: (key: PublicKeyPackage) => Uint8Array;
    readonly signers: readonly SignerCommitment[];
  }[];
};

export type Seen = {
  readonly partials: readonly SeenPartial[];
  readonly requests: number;
  readonly transcripts: number;
  /** Partial signatures for which no request, key or terms were found: the solver knows nothing of them. */
  readonly unplaced: readonly string[];
};

/**
 * Every partial signature that a network has left: what each validator wrote into its journal before it answered, and what transcripts show, also of
 * sessions that came to nothing. With the coordinator's blobs, terms and the keys it is all that an attacker can have who sees everything but
 * secrets.
 */
export function partialsLeft(layout: Layout, validators: readonly ValidatorId[], network: BitcoinNetwork): Seen {
  const keys = new Map<string, PublicKeyPackage>();
  const answers: { readonly requestDigest: Digest; readonly envelope: Envelope }[] = [];
  for (const id of validators) {
    const journal = readJournal(layout.validator(id).journal);
    try {
      for (const { keyset, package: key } of journal.keysets.list()) if (!keys.has(keyset)) keys.set(keyset, key);
      for (const { requestDigest, response } of journal.answers()) {
        const { body } = fromBinary(ResponseSchema, response);
        if (body.case === 'envelope') answers.push({ requestDigest, envelope: body.value });
      }
    } finally {
      journal.close();
    }
  }
  const { asked, shown, transcripts } = blobsOf(layout, network);
  answers.push(...shown);
  const partials: SeenPartial[] = [];
  const unplaced: string[] = [];
  for (const { requestDigest, envelope } of answers) {
    const request = asked.get(requestDigest);
    const key = request === undefined ? undefined : keys.get(request.keyset);
    const validator = senderOf(envelope);
    if (request === undefined || key === undefined) {
      unplaced.push(`${validator} ${requestDigest}`);
      continue;
    }
    fromBinary(PartialSignaturesSchema, envelope.payload).shares.forEach((partial, input) => {
      const about = request.inputs[input];
      if (about === undefined) return;
      const { signers } = about;
      const tweak = about.tweak(key);
      const message = about.message(key);
      partials.push({ validator, request: requestDigest, input, key, tweak, signers, message, partial });
    });
  }
  return { partials, requests: asked.size, transcripts, unplaced };
}

function blobsOf(layout: Layout, network: BitcoinNetwork) {
  const codec = transactionCodec(network);
  const terms = termsIn(layout);
  const asked = new Map<Digest, Asked>();
  const shown: { readonly requestDigest: Digest; readonly envelope: Envelope }[] = [];
  let transcripts = 0;
  for (const file of filesBelow(layout.blobs)) {
    const bytes = readFileSync(file);
    if (bytes.length > BLOB_BYTES_MAX) continue;
    const signing = readAs(() => fromBinary(SigningRequestSchema, bytes));
    if (signing?.ceremony.startsWith('signing-') === true && signing.commitments.length > 0) {
      const prevouts = signing.inputs.map(({ prevout }) => ({
        script: toHex(prevout?.script ?? new Uint8Array(0)),
        amountSats: Number(prevout?.amountSats ?? 0n),
      }));
      const messages = codec.sighashes(signing.transaction, prevouts);
      const inputs = signing.inputs.map(({ vault }, input) => ({
        tweak: () => terms.get(vault),
        message: () => messages[input] ?? new Uint8Array(0),
        signers: signersOf(signing.commitments, input),
      }));
      asked.set(signingRequestDigest(bytes), { keyset: signing.keyset, inputs });
      continue;
    }
    const test = readAs(() => fromBinary(SelfTestRequestSchema, bytes));
    if (test?.ceremony.startsWith('selftest-') === true && test.commitments.length > 0) {
      const signers = signersOf(test.commitments, 0);
      const message = (key: PublicKeyPackage): Uint8Array => selfTestMessage(key, test.ceremony as CeremonyId);
      asked.set(selfTestRequestDigest(bytes), {
        keyset: test.keyset,
        inputs: [{ tweak: selfTestTweak, message, signers }],
      });
      continue;
    }
    const transcript = transcriptIn(bytes);
    if (transcript === undefined) continue;
    transcripts += 1;
    for (const { requestHex, partials } of sessionsOf(transcript)) {
      const request = fromHex(requestHex, 'request');
      const requestDigest =
        transcript.kind === 'keygen' ? selfTestRequestDigest(request) : signingRequestDigest(request);
      for (const hex of partials)
        shown.push({ requestDigest, envelope: fromBinary(EnvelopeSchema, fromHex(hex, 'partial')) });
    }
  }
  return { asked, shown, transcripts };
}

type Transcript = KeygenEvidence | SigningEvidence | SweepEvidence;
const KINDS: ReadonlySet<string> = new Set<Transcript['kind']>(['keygen', 'signing', 'sweep']);

function transcriptIn(bytes: Uint8Array): Transcript | undefined {
  if (bytes[0] !== '{'.charCodeAt(0)) return undefined;
  const read = readAs(() => JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Transcript>);
  return read?.kind !== undefined && KINDS.has(read.kind) ? (read as Transcript) : undefined;
}

const sessionsOf = (transcript: Transcript) =>
  transcript.kind === 'keygen' ? [transcript.selfTest] : transcript.sessions;

function termsIn(layout: Layout): ReadonlyMap<string, VaultTweak> {
  const found = new Map<string, VaultTweak>();
  for (const file of filesBelow(layout.terms)) {
    const signed = readAs(() => parseSignedTerms(readFileSync(file), file));
    if (signed !== undefined) found.set(vaultIdOf(signed.terms), vaultTweakOf(signed.terms));
  }
  return found;
}

const signersOf = (envelopes: readonly Envelope[], input: number): readonly SignerCommitment[] =>
  envelopes.flatMap((envelope) => {
    const pair = fromBinary(SigningCommitmentsSchema, envelope.payload).commitments[input];
    if (pair === undefined) return [];
    return [{ validator: senderOf(envelope), nonces: { hiding: pair.hiding, binding: pair.binding } }];
  });

const senderOf = ({ header }: Envelope): ValidatorId => validatorId(fromBinary(EnvelopeHeaderSchema, header).from);

/** Blobs of other kinds do not read as a request. */
function readAs<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
