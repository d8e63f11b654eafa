import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Bundle, bundled, type BundleDocument } from '../../cli/evidence/bundle.ts';
import type { SignedHead } from '../../domain/audit/page.ts';
import { appended, type ChainState, EMPTY_CHAIN, type Head, headOf } from '../../domain/audit/chain.ts';
import { type AuditDocument, type AuditEntry, type AuditRecord, documentOf } from '../../domain/audit/record.ts';
import { canonicalBytes, type Digest, documentDigest, TAGS, taggedHash } from '../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { secretOf, testKey } from '../../domain/committee/testkit/keys.ts';
import {
  AuditHeadSchema,
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  Round,
} from '../../wire/generated/firebreak/v1/messages_pb.js';

/** One record before it has a place, with the documents that it names, as values that an attack may change. */
export type Draft = {
  kind: AuditEntry['kind'];
  facts: Record<string, unknown>;
  atMs: number;
  by: string;
  playbook?: string;
  documents: { readonly what: AuditDocument['what']; value: unknown }[];
};

const nameOf = (id: number): string => `validator-${id}`;
/** RFC 8410: an Ed25519 seed as PKCS#8. */
const keyOf = (id: number): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secretOf(nameOf(id))]),
    format: 'der',
    type: 'pkcs8',
  });

/** The same network with validators whose keys this test has: whatever is forged, all of them have signed it. */
export const withOwnValidators = (genesis: NetworkGenesis): NetworkGenesis => ({
  ...genesis,
  validators: genesis.validators.map((entry) => ({ ...entry, identity: testKey(nameOf(entry.id)).listed.key })),
});

/** The statement as its validator would make it with our key. */
export function restated(envelopeHex: string, payload?: Uint8Array): string {
  const envelope = fromBinary(EnvelopeSchema, fromHex(envelopeHex, 'envelope'));
  const said = fromBinary(EnvelopeHeaderSchema, envelope.header);
  const words = payload ?? envelope.payload;
  const header = toBinary(
    EnvelopeHeaderSchema,
    create(EnvelopeHeaderSchema, { ...said, payloadDigest: sha256(words) }),
  );
  const signature = sign(null, taggedHash(TAGS.envelope, header), keyOf(said.from));
  return toHex(toBinary(EnvelopeSchema, create(EnvelopeSchema, { header, payload: words, signature })));
}

export function headStatements(
  bundle: Pick<Bundle, 'environment' | 'network'>,
  head: Head,
  ids: readonly number[],
): string[] {
  const payload = toBinary(
    AuditHeadSchema,
    create(AuditHeadSchema, {
      incident: head.incident,
      count: BigInt(head.count),
      head: fromHex(head.head, 'head'),
      root: fromHex(head.root, 'root'),
    }),
  );
  return ids.map((from) => {
    const header = create(EnvelopeHeaderSchema, {
      wireVersion: 1,
      suite: 'FROST-secp256k1-SHA256-TR-v1',
      environment: bundle.environment,
      network: bundle.network,
      round: Round.AUDIT_HEAD,
      from,
      payloadDigest: sha256(payload),
    });
    const bytes = toBinary(EnvelopeHeaderSchema, header);
    const signature = sign(null, taggedHash(TAGS.envelope, bytes), keyOf(from));
    return toHex(toBinary(EnvelopeSchema, create(EnvelopeSchema, { header: bytes, payload, signature })));
  });
}

const allOf = ({ validators }: NetworkGenesis): number[] => validators.map(({ id }) => id);

/** The records of a bundle as drafts; documents by value. */
export function draftsOf({ records, documents }: Bundle): Draft[] {
  const values = new Map(
    documents.map((document) => [document.digest, 'json' in document ? document.json : document.base64]),
  );
  return records.map(({ kind, facts, atMs, by, playbook, documents: named }) =>
    structuredClone({
      kind,
      facts: facts as Record<string, unknown>,
      atMs,
      by,
      ...(playbook === undefined ? {} : { playbook }),
      documents: named.map(({ what, digest }) => ({ what, value: values.get(digest) })),
    }),
  );
}

/**
 * What a coordinator could make that writes whatever it likes and whose validators sign every head that it shows them once: a whole chain
 * with right digests, heads and signatures over records that `edit` has changed.
 */
export function forged(
  pinned: NetworkGenesis,
  bundle: Bundle,
  edit: (drafts: Draft[]) => Draft[] | void = () => undefined,
  signers?: readonly number[],
): { readonly genesis: NetworkGenesis; readonly bundle: Bundle } {
  const genesis = withOwnValidators(pinned);
  const drafts = draftsOf(bundle);
  const edited = edit(drafts) ?? drafts;
  const { environment, network, incident } = bundle;
  const records: AuditRecord[] = [];
  const states: ChainState[] = [];
  const documents = new Map<Digest, BundleDocument>();
  let chain = EMPTY_CHAIN;
  for (const draft of edited) {
    const named = draft.documents.map(({ what, value }) => {
      const settled =
        what === 'heads' ? rehead(genesis, bundle, draft, states) : what === 'statements' ? restate(value) : value;
      const ref = documentOf(what, settled);
      documents.set(ref.digest, bundled(ref.digest, canonicalBytes(settled)));
      return ref;
    });
    const next = appended({ environment, network, incident }, chain, {
      ...draft,
      documents: named,
    } as unknown as AuditEntry);
    records.push(next.record);
    chain = next.state;
    states.push(chain);
  }
  const head = headOf(bundle, chain) as Head;
  return {
    genesis,
    bundle: {
      ...bundle,
      genesis: documentDigest(TAGS.networkGenesis, genesis),
      records,
      head: { ...head, statements: headStatements(bundle, head, signers ?? allOf(genesis)) },
      documents: [...documents.values()].sort((one, other) => (one.digest < other.digest ? -1 : 1)),
    },
  };
}

/** An earlier head is that of the new chain, unless the attack put words of its own there. */
function rehead(genesis: NetworkGenesis, bundle: Bundle, draft: Draft, states: readonly ChainState[]): unknown {
  const count = Number(draft.facts['count']);
  const head = headOf(bundle, states[count - 1] ?? EMPTY_CHAIN);
  if (head === undefined) throw new Error('a head before the first record');
  draft.facts['head'] = head.head;
  draft.facts['root'] = head.root;
  const document: SignedHead = {
    version: 1,
    kind: 'audit-head',
    environment: bundle.environment,
    network: bundle.network,
    head,
    page: { digest: '00'.repeat(32) as Digest, sizeBytes: 1 },
    statements: headStatements(bundle, head, (draft.facts['validators'] as number[]) ?? allOf(genesis)),
  };
  return document;
}

const restate = (value: unknown): unknown => {
  const { envelopes } = value as { readonly envelopes: readonly string[] };
  return { ...(value as object), envelopes: envelopes.map((envelope) => restated(envelope)) };
};
