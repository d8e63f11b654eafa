import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { validatorIds } from './layout.ts';
import type { Layout } from './layout.ts';
import { selfTestRequestDigest, signingRequestDigest } from '../domain/ceremony/digests.ts';
import type { KeygenEvidence, SigningEvidence } from '../domain/ceremony/evidence.ts';
import type { Digest } from '../domain/encoding/digest.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../domain/network/network.ts';
import type { NonceUse } from '../threshold/verify/nonce-audit.ts';
import { readJournal } from '../validator/custody/journal/read.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  SelfTestRequestSchema,
  SigningCommitmentsSchema,
  SigningRequestSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { filesBelow } from './files-below.ts';

/** Commitments of one request, by validator: one pair per input. */
type Commitments = ReadonlyMap<ValidatorId, NonceUse['nonces'][]>;
export type Requests = ReadonlyMap<Digest, Commitments>;

const BLOB_BYTES_MAX = 1_048_576;

/** Every signing and self-test request that a coordinator ever wrote down, also of sessions and attempts that came to nothing. */
export function requestsIn(blobs: string): Requests {
  const found = new Map<Digest, Commitments>();
  for (const file of filesBelow(blobs)) {
    const bytes = readFileSync(file);
    if (bytes.length > BLOB_BYTES_MAX) continue;
    const signing = readAs(() => fromBinary(SigningRequestSchema, bytes));
    if (signing?.ceremony.startsWith('signing-') === true && signing.commitments.length > 0) {
      found.set(signingRequestDigest(bytes), commitmentsOf(signing.commitments));
      continue;
    }
    const test = readAs(() => fromBinary(SelfTestRequestSchema, bytes));
    if (test?.ceremony.startsWith('selftest-') === true && test.commitments.length > 0)
      found.set(selfTestRequestDigest(bytes), commitmentsOf(test.commitments));
  }
  return found;
}

/** What each validator's own journal says it used a nonce for. A use that fits no request is a use nobody can account for. */
export function usesInJournals(
  layout: Layout,
  requests: Requests,
): { readonly uses: NonceUse[]; readonly unknown: string[] } {
  const uses: NonceUse[] = [];
  const unknown: string[] = [];
  for (const validator of validatorIds()) {
    const journal = readJournal(layout.validator(validator).journal);
    try {
      for (const { commitment, requestDigest } of journal.burntNonces()) {
        const pairs = requests.get(requestDigest)?.get(validator) ?? [];
        const input = pairs.findIndex(({ hiding, binding }) => toHex(hiding) + toHex(binding) === commitment);
        const nonces = pairs[input];
        if (nonces === undefined) unknown.push(`${validator}: ${commitment} under ${requestDigest}`);
        else uses.push({ validator, request: requestDigest, input, nonces });
      }
    } finally {
      journal.close();
    }
  }
  return { uses, unknown };
}

/** What an exported transcript proves: whoever's partial is in it used its commitments under that request. */
export function usesInEvidence(evidence: SigningEvidence | KeygenEvidence): NonceUse[] {
  if (evidence.kind === 'keygen') {
    const { requestHex, partials } = evidence.selfTest;
    const bytes = fromHex(requestHex, 'request');
    return usesOf(selfTestRequestDigest(bytes), fromBinary(SelfTestRequestSchema, bytes).commitments, partials);
  }
  return evidence.sessions.flatMap(({ requestHex, partials }) => {
    const bytes = fromHex(requestHex, 'request');
    return usesOf(signingRequestDigest(bytes), fromBinary(SigningRequestSchema, bytes).commitments, partials);
  });
}

function usesOf(request: Digest, envelopes: readonly Envelope[], partials: readonly string[]): NonceUse[] {
  const commitments = commitmentsOf(envelopes);
  return partials.flatMap((hex) => {
    const validator = senderOf(fromBinary(EnvelopeSchema, fromHex(hex, 'partial')));
    return (commitments.get(validator) ?? []).map((nonces, input) => ({ validator, request, input, nonces }));
  });
}

const senderOf = ({ header }: Envelope): ValidatorId => validatorId(fromBinary(EnvelopeHeaderSchema, header).from);

const commitmentsOf = (envelopes: readonly Envelope[]): Commitments =>
  new Map(
    envelopes.map((envelope) => [
      senderOf(envelope),
      fromBinary(SigningCommitmentsSchema, envelope.payload).commitments.map(({ hiding, binding }) => ({
        hiding,
        binding,
      })),
    ]),
  );

/** Blobs of other kinds do not read as a request. */
function readAs<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
