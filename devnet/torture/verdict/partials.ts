import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import type { PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import {
  selfTestMessage,
  selfTestRequestDigest,
  selfTestTweak,
  signingRequestDigest,
} from '../../../domain/ceremony/digests.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../../domain/encoding/hex.ts';
import { type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import type { Terms } from '../../../domain/vault/terms.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import type { SignerCommitment, VaultTweak } from '../../../threshold/suite.ts';
import { vaultTweakOf } from '../../../threshold/verify/vault-script.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  PartialSignaturesSchema,
  Round,
  SelfTestRequestSchema,
  SigningCommitmentsSchema,
  SigningRequestSchema,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { filesBelow } from '../../files-below.ts';
import type { SeenPartial } from '../../verdict/linear-solver.ts';

/** One partial signature that reached a coordinator, with everything public that it was made for. */
export type ArrivedPartial = SeenPartial & { readonly ceremony: string };

type Asked = Pick<ArrivedPartial, 'ceremony' | 'key' | 'tweak'> & {
  readonly messages: readonly Uint8Array[];
  readonly commitments: readonly Envelope[];
};
type Said = { readonly validator: ValidatorId; readonly request: Digest; readonly shares: readonly Uint8Array[] };

const BLOB_BYTES_MAX = 1_048_576;

/** Every partial signature that any coordinator ever wrote down, also of sessions that came to nothing; each once. */
export function partialsIn(
  blobs: string,
  keys: readonly PublicKeyPackage[],
  terms: readonly { readonly vault: string; readonly terms: Terms }[],
): readonly ArrivedPartial[] {
  const asked = new Map<Digest, Asked>();
  const said = new Map<string, Said>();
  const tweaks = new Map(terms.map((each) => [each.vault, vaultTweakOf(each.terms)]));
  for (const file of filesBelow(blobs)) {
    const bytes = readFileSync(file);
    if (bytes.length > BLOB_BYTES_MAX) continue;
    const request = signingIn(bytes, keys, tweaks) ?? selfTestIn(bytes, keys);
    if (request !== undefined) asked.set(request.digest, request);
    for (const each of envelopesIn(bytes).flatMap(saidIn))
      said.set(`${each.validator} ${each.request} ${each.shares.map(toHex).join()}`, each);
  }
  return [...said.values()].flatMap(({ validator, request, shares }) => {
    const about = asked.get(request);
    if (about === undefined) return [];
    const { ceremony, key, tweak, messages, commitments } = about;
    return shares.map((partial, input) => {
      const message = messages[input] ?? new Uint8Array(0);
      const signers = signersOf(commitments, input);
      return { validator, ceremony, request, input, key, tweak, signers, message, partial };
    });
  });
}

function signingIn(
  bytes: Buffer,
  keys: readonly PublicKeyPackage[],
  tweaks: ReadonlyMap<string, VaultTweak>,
): (Asked & { readonly digest: Digest }) | undefined {
  const request = readAs(() => fromBinary(SigningRequestSchema, bytes));
  if (request?.ceremony.startsWith('signing-') !== true || request.commitments.length === 0) return undefined;
  const key = keys.find(({ keyset }) => keyset === request.keyset);
  if (key === undefined) return undefined;
  const prevouts = request.inputs.map(({ prevout }) => ({
    script: toHex(prevout?.script ?? new Uint8Array(0)),
    amountSats: Number(prevout?.amountSats ?? 0n),
  }));
  const messages = readAs(() => transactionCodec('regtest').sighashes(request.transaction, prevouts));
  if (messages === undefined) return undefined;
  const { ceremony, commitments } = request;
  // A vault of an earlier run over the same network.
  const tweak = tweaks.get(request.inputs[0]?.vault ?? '');
  if (tweak === undefined) return undefined;
  return { digest: signingRequestDigest(bytes), ceremony, key, tweak, messages, commitments };
}

function selfTestIn(
  bytes: Buffer,
  keys: readonly PublicKeyPackage[],
): (Asked & { readonly digest: Digest }) | undefined {
  const request = readAs(() => fromBinary(SelfTestRequestSchema, bytes));
  if (request?.ceremony.startsWith('selftest-') !== true || request.commitments.length === 0) return undefined;
  const key = keys.find(({ keyset }) => keyset === request.keyset);
  if (key === undefined) return undefined;
  const { ceremony, commitments } = request;
  const messages = [selfTestMessage(key, ceremony as Parameters<typeof selfTestMessage>[1])];
  return { digest: selfTestRequestDigest(bytes), ceremony, key, tweak: selfTestTweak(key), messages, commitments };
}

/** Statements are stored as a list of validator and hex. */
function envelopesIn(bytes: Buffer): readonly Envelope[] {
  if (bytes[0] !== 0x5b) return [];
  const stored = readAs(() => JSON.parse(bytes.toString('utf8')) as readonly (readonly [number, string])[]) ?? [];
  return stored.flatMap((entry) =>
    Array.isArray(entry) && typeof entry[1] === 'string'
      ? (readAs(() => fromBinary(EnvelopeSchema, fromHex(entry[1] as string, 'envelope'))) ?? [])
      : [],
  );
}

function saidIn({ header, payload }: Envelope): readonly Said[] {
  const { from, round } = fromBinary(EnvelopeHeaderSchema, header);
  if (round !== Round.SIGNING_PARTIAL) return [];
  const { requestDigest, shares } = fromBinary(PartialSignaturesSchema, payload);
  return [{ validator: validatorId(from), request: toHex(requestDigest) as Digest, shares }];
}

const signersOf = (commitments: readonly Envelope[], input: number): SignerCommitment[] =>
  commitments.flatMap(({ header, payload }) => {
    const pair = fromBinary(SigningCommitmentsSchema, payload).commitments[input];
    if (pair === undefined) return [];
    const { hiding, binding } = pair;
    return [{ validator: validatorId(fromBinary(EnvelopeHeaderSchema, header).from), nonces: { hiding, binding } }];
  });

function readAs<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
