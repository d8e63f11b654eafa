import { fromBinary } from '@bufbuild/protobuf';
import { appended, type ChainState, type Head, headOf } from '../domain/audit/chain.ts';
import {
  type AuditDocument,
  type AuditEntry,
  type AuditRecord,
  recordDigest,
  RECORDS_MAX,
} from '../domain/audit/record.ts';
import type { AuditPage, SignedHead } from '../domain/audit/page.ts';
import { fromHex, toHex } from '../domain/encoding/hex.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { enoughToOutvote } from '../domain/vault/named.ts';
import type { BlobRef } from '../domain/ports/blob-store.ts';
import { AuditHeadSchema, Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from './asking.ts';
import { type Attempt, attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { ascending, envelopeHex, getDocument, putDocument } from './documents.ts';
import { everyone } from './gathering.ts';
import { type Enclosed, storeEnclosed } from './audit-documents.ts';
import { requireNetwork } from './playbook/shape.ts';

/** Once enough have signed a head, the last ones are waited for so long at least: in an incident somebody is away more often than not. */
const LINGER_MS = 2_000;

export type RecordInput = {
  readonly network: string;
  readonly incident: string;
  readonly chain: ChainState;
  /** The page before. */
  readonly before?: BlobRef;
  readonly entries: readonly AuditEntry[];
};
export type Recorded = { readonly chain: ChainState; readonly page: BlobRef };

export type CoSigned = {
  readonly head: Head;
  readonly validators: readonly number[];
  readonly need: number;
  /** Of a `SignedHead`, with however many statements there are. */
  readonly document: AuditDocument;
};

export const createAuditActivities = (deps: ActivityDependencies) => ({
  /**
   * Appends to the chain of an incident. The workflow holds how far the chain has come and this computes what follows: the same call
   * twice writes the same bytes under the same name, and two writers of one chain cannot be, because a workflow is one.
   */
  recordAudit: (input: RecordInput): Promise<Recorded> =>
    attempt(deps, 'recordAudit', async (now) => {
      requireNetwork(deps, input.network);
      const { environment, name: network } = deps.genesis;
      const { incident, before, entries } = input;
      const records: AuditRecord[] = [];
      let { chain } = input;
      for (const { enclosed = [], ...entry } of entries) {
        const documents = [...(entry.documents ?? []), ...(await storeEnclosed(deps, enclosed, now))];
        const next = appended({ environment, network, incident }, chain, { ...entry, documents });
        records.push(next.record);
        chain = next.state;
      }
      const page: AuditPage = {
        version: 1,
        kind: 'audit-page',
        incident,
        ...(before === undefined ? {} : { before }),
        records,
      };
      return { chain, page: await putDocument(deps, page, now) };
    }),

  /** Stores what a record will refer to, so that a message between workflows carries a name and not the bytes. */
  keepDocuments: (enclosed: Enclosed): Promise<readonly AuditDocument[]> =>
    attempt(deps, 'keepDocuments', (now) => storeEnclosed(deps, enclosed, now)),

  /**
   * Asks every validator to sign how far the chain has come. Who signs says that it knows no other chain of this incident: order and
   * completeness as of now, and nothing about whether the records are true.
   */
  coSignHead: (input: {
    readonly network: string;
    readonly incident: string;
    readonly chain: ChainState;
    readonly page: BlobRef;
    readonly seconds: number;
  }): Promise<CoSigned> =>
    attempt(deps, 'coSignHead', async (now) => {
      requireNetwork(deps, input.network);
      const head = headOf(input, input.chain);
      if (head === undefined) throw new FirebreakFailure('input.audit-record', 'a chain without records has no head');
      const { environment, name: network, threshold } = deps.genesis;
      const words = {
        incident: head.incident,
        count: BigInt(head.count),
        head: fromHex(head.head, 'head', 32),
        root: fromHex(head.root, 'root', 32),
      };
      const records = (await recordsFrom(deps, input.page, now)).map((record) =>
        fromHex(recordDigest(record), 'record', 32),
      );
      const request = requestBytes(deps, { case: 'signAuditHead', value: { head: words, records } });
      const all = everyone(deps);
      const { accepted } = await gather(deps, now, {
        requests: new Map(all.map((validator) => [validator, request])),
        enough: all.length,
        expected: { round: Round.AUDIT_HEAD, keyset: '', epoch: 0, ceremony: '' },
        judge: ({ payload }) => (saysSo(payload, head) ? undefined : OTHER_HEAD),
        untilMs: deps.clock() + input.seconds * 1_000,
        lingerMsMin: LINGER_MS,
        lingerFrom: enoughToOutvote(deps.genesis),
        onAccepted: (have) => now.report({ have, need: threshold }),
      });
      const statements = ascending(accepted).map(([, { envelope }]) => envelopeHex(envelope));
      const document: SignedHead = {
        version: 1,
        kind: 'audit-head',
        environment,
        network,
        head,
        page: input.page,
        statements,
      };
      const ref = await putDocument(deps, document, now);
      return {
        head,
        validators: ascending(accepted).map(([validator]) => validator),
        need: threshold,
        document: { what: 'heads', ...ref },
      };
    }),
});

const OTHER_HEAD = { code: 'input.response', message: 'signed another head than was asked for' } as const;

function saysSo(payload: Uint8Array, { incident, count, head, root }: Head): boolean {
  const said = fromBinary(AuditHeadSchema, payload);
  return (
    said.incident === incident && said.count === BigInt(count) && toHex(said.head) === head && toHex(said.root) === root
  );
}

/** Every record of a chain, oldest first, from its newest page back. */
async function recordsFrom(deps: ActivityDependencies, newest: BlobRef, now: Attempt): Promise<readonly AuditRecord[]> {
  const pages: (readonly AuditRecord[])[] = [];
  let held = 0;
  for (let next: BlobRef | undefined = newest; next !== undefined; ) {
    const { records, before }: AuditPage = await getDocument(deps, next, now);
    pages.push(records);
    held += records.length;
    if (held > RECORDS_MAX) throw new FirebreakFailure('input.audit-record', `more than ${RECORDS_MAX} records`);
    next = before;
  }
  return pages.reverse().flat();
}
