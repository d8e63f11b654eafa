import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { appended, EMPTY_CHAIN } from '../../domain/audit/chain.ts';
import { type AuditEntry, type AuditRecord, recordDigest } from '../../domain/audit/record.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { memory as memoryNetwork } from '../../plugins/network/memory/index.ts';
import { TestFleet } from '../../validator/custody/testkit/agents.ts';
import { readBlob } from '../blobs.ts';
import { Checks } from '../ceremony/checks.ts';
import type { Operator } from '../operator.ts';
import { canonicalBytes, type Digest, sha256Hex } from '../../domain/encoding/digest.ts';
import { parseNetworkGenesis } from '../../wire/documents/index.ts';
import { forged } from '../../test/vectors/evidence-forgery.ts';
import { type Bundle, bundleIn, documentBytes, encodeBundle } from './bundle.ts';
import { exportEvidence, signNewest } from './export.ts';
import { gatherBundle } from './gather.ts';
import { verifyBundle, verifyFile } from './verify.ts';

const RECORDED = join(import.meta.dirname, 'recorded');
const file = readFileSync(join(RECORDED, 'bundle.json'));
const bundle = bundleIn(file, 'bundle.json');
const pinned = parseNetworkGenesis(readFileSync(join(RECORDED, 'network.json')), 'network.json');
const incident = bundle.incident.slice(0, bundle.incident.lastIndexOf('/'));
const key = incident.slice(incident.lastIndexOf('/') + 1);

const nobody = () => Promise.reject(new Error('validators are not asked here'));

let folder = '';
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-evidence-'));
  writeFileSync(at('network.json'), readFileSync(join(RECORDED, 'network.json')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(bytes: Uint8Array): { digest: string; sizeBytes: number } {
  const digest = sha256Hex(bytes);
  mkdirSync(at(`blobs/${digest.slice(0, 2)}`), { recursive: true });
  writeFileSync(at(`blobs/${digest.slice(0, 2)}/${digest}`), bytes);
  return { digest, sizeBytes: bytes.length };
}

/** The store as workers leave it: two pages, a head that is signed after each, documents, and what belongs to others. */
function fillStore({ records, documents, head, environment, network }: Bundle): void {
  const page = (part: Bundle['records'], before?: object) =>
    put(
      canonicalBytes({
        version: 1,
        kind: 'audit-page',
        incident: bundle.incident,
        records: part,
        ...(before && { before }),
      }),
    );
  const first = page(records.slice(0, 30));
  const last = page(records.slice(30), first);
  const { statements, ...words } = head;
  const signed = { version: 1, kind: 'audit-head', environment, network, head: words, page: last, statements };
  put(canonicalBytes(signed));
  put(canonicalBytes({ ...signed, head: { ...words, count: 30 }, page: first }));
  put(canonicalBytes({ ...signed, head: { ...words, incident: `${incident}0/x`, count: 99 } }));
  put(Buffer.from('anything else'));
  for (const document of documents) put(documentBytes(document) ?? Buffer.alloc(0));
}

function operatorFile(): void {
  const temporal = { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'firebreak' };
  const operator = {
    version: 1,
    network: 'network.json',
    identity: 'coordinator.pem',
    temporal,
    blobs: 'blobs',
    validators: [],
  };
  writeFileSync(at('operator.json'), JSON.stringify(operator));
}

test('an export without the workflow engine finds the longest signed history, and has the same bytes as one with it', async () => {
  operatorFile();
  fillStore(bundle);
  const outcome = await exportEvidence({ data: folder, out: at('out.json'), fromStore: true }, key, nobody);
  expect(outcome).toMatchObject({ exitCode: 0, data: { valid: true, records: bundle.records.length } });
  expect(readFileSync(at('out.json')).equals(file)).toBe(true);
  expect(outcome.next).toContain('evidence verify');
  const again = exportEvidence({ data: folder, out: at('out.json'), fromStore: true }, key, nobody);
  await expect(again).rejects.toMatchObject({ code: 'input.file-exists' });
});

test('an export says so when what lies in the store does not hold', async () => {
  operatorFile();
  const records = bundle.records.map((record) => (record.count === 12 ? { ...record, by: 'eve' } : record));
  fillStore({ ...bundle, records });
  const outcome = await exportEvidence({ data: folder, out: at('out.json'), fromStore: true }, key, nobody);
  expect(outcome).toMatchObject({ exitCode: 1, data: { valid: false } });
  expect(outcome.lines.join('\n')).toContain('record 13');
});

test('a document that is gone, and an incident that nobody signed, are refused by name', async () => {
  operatorFile();
  fillStore(bundle);
  const [document] = bundle.documents;
  rmSync(at(`blobs/${document?.digest.slice(0, 2)}/${document?.digest}`));
  await expect(
    exportEvidence({ data: folder, out: at('out.json'), fromStore: true }, key, nobody),
  ).rejects.toMatchObject({
    code: 'unavailable.blob-missing',
  });
  await expect(
    exportEvidence({ data: folder, out: at('out.json'), fromStore: true }, 'other', nobody),
  ).rejects.toMatchObject({
    code: 'not-yet.evidence-unsigned',
  });
});

test('an attachment that is nowhere, or has another size than was said, is left out by its digest; any other document has to be there', async () => {
  const { environment, network } = bundle;
  const scope = { environment, network, incident: bundle.incident };
  const kept = { digest: sha256Hex(Buffer.from('kept')), sizeBytes: 4 };
  const gathered = (documents: AuditRecord['documents']) => {
    const note: AuditEntry = { kind: 'note.added', facts: { text: 'see' }, atMs: 1, by: 'ann', documents };
    const { record, state } = appended(scope, EMPTY_CHAIN, note);
    const page = canonicalBytes({ version: 1, kind: 'audit-page', incident: bundle.incident, records: [record] });
    const ref = { digest: sha256Hex(page), sizeBytes: page.length };
    const stored = new Map([
      [ref.digest, page],
      [kept.digest, Buffer.from('kept')],
    ]);
    const read = ({ digest }: BlobRef) => {
      const bytes = stored.get(digest);
      return bytes === undefined ? Promise.reject(new Error('it is gone')) : Promise.resolve(bytes);
    };
    const signed = {
      version: 1 as const,
      kind: 'audit-head' as const,
      environment,
      network,
      head: { incident: bundle.incident, count: 1, head: state.head, root: state.head },
      page: ref,
      statements: [],
    };
    return gatherBundle(pinned, read, signed);
  };
  const gone = 'ab'.repeat(32) as Digest;
  const attached = await gathered([
    { what: 'attachment', digest: gone, sizeBytes: 5 },
    { what: 'attachment', ...kept, sizeBytes: 9 },
  ]);
  expect(attached).toMatchObject({ documents: [], leftOut: [gone, kept.digest].sort() });
  expect(await gathered([{ what: 'attachment', ...kept }])).toMatchObject({
    documents: [{ digest: kept.digest }],
    leftOut: [],
  });
  const both = await gathered([
    { what: 'plan', ...kept },
    { what: 'attachment', ...kept, sizeBytes: 9 },
  ]);
  expect(both).toMatchObject({ documents: [{ digest: kept.digest }], leftOut: [] });
  await expect(gathered([{ what: 'plan', digest: gone, sizeBytes: 5 }])).rejects.toThrow('it is gone');
});

test('who voted is called by name, as the committees call them that the file leads to', () => {
  const { lines } = verify(file);
  const votes = lines.filter((line) => line.includes('vote.counted'));
  expect(votes).toHaveLength(7);
  for (const line of votes) expect(line).toMatch(/vote\.counted +(member|deputy)-\d /);
});

test('of a file that does not hold nothing is read out', () => {
  const records = bundle.records.map((record) => (record.count === 12 ? { ...record, by: 'eve' } : record));
  const { data, lines } = verify(encodeBundle({ ...bundle, records }));
  expect(data).not.toHaveProperty('state');
  expect(lines.join('\n')).not.toContain('incident.opened');
});

/** Records of an incident that ended while too few validators answered. */
function unsignedRecords({ environment, name: network }: NetworkGenesis): readonly AuditRecord[] {
  const entries: readonly AuditEntry[] = [
    { kind: 'incident.opened', facts: { title: 'Of a test', severity: 'SEV2' }, atMs: 1_000, by: 'ann' },
    { kind: 'note.added', facts: { text: 'nobody answers' }, atMs: 2_000, by: 'ann' },
    { kind: 'incident.closed', facts: { outcome: 'closed' }, atMs: 3_000, by: 'ann' },
  ];
  let chain = EMPTY_CHAIN;
  return entries.map((entry) => {
    const next = appended({ environment, network, incident: 'incident/test/7/1' }, chain, entry);
    chain = next.state;
    return next.record;
  });
}

test('records that could not be signed in time are signed at the export, by as many validators as it takes and no fewer', async () => {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  const fleet = new TestFleet(5, 3, { codec: transactionCodec('regtest'), keystore });
  try {
    const { genesis } = fleet;
    const records = unsignedRecords(genesis);
    const page = put(
      canonicalBytes({ version: 1, kind: 'audit-page', incident: 'incident/test/7/1', records }),
    ) as BlobRef;
    const handlers = new Map<ValidatorId, (bytes: Uint8Array) => Promise<Uint8Array>>();
    const peer = fleet.network.coordinator.identity;
    const network = memoryNetwork({})({ handlers, peer });
    const operator = { genesis, folder, blobs: at('blobs') } as unknown as Operator;
    const trail = {
      incident: 'incident/test/7/1',
      count: 3,
      head: recordDigest(records[2] as AuditRecord),
      page,
      waiting: 0,
    };
    const signing = () => signNewest(operator, trail, async () => ({ network, stop: async () => undefined }));
    for (const id of [1, 2]) handlers.set(validatorId(id), (bytes) => fleet.get(id).agent.handle(bytes, peer));
    await expect(signing()).rejects.toMatchObject({ code: 'not-yet.evidence-unsigned' });
    handlers.set(validatorId(4), (bytes) => fleet.get(4).agent.handle(bytes, peer));
    const { signed } = await signing();
    const made = await gatherBundle(genesis, (ref) => readBlob(operator, ref), signed);
    expect(made.head.statements).toHaveLength(3);
    expect(verifyBundle(genesis, made, new Checks())).toMatchObject({ outcome: 'closed', records: 3 });
  } finally {
    await fleet.close();
  }
});

const verify = (bytes: Uint8Array) => {
  writeFileSync(at('given.json'), bytes);
  return verifyFile({ data: at('no-data-folder'), network: at('network.json') }, at('given.json'));
};

test('a verification needs the file and the network file alone, and prints timeline, state and times beside their targets', () => {
  const outcome = verify(file);
  expect(outcome).toMatchObject({ exitCode: 0, data: { valid: true, state: { outcome: 'done', severity: 'SEV1' } } });
  const text = outcome.lines.join('\n');
  for (const { kind, count } of bundle.records) expect(text).toMatch(new RegExp(`${count}  .*${kind}`));
  expect(text).toMatch(/detect .* target 5\.0 min .*met/);
  expect(text).toContain('commander  ann');
});

test('what does not hold ends with 1 and names the first wrong record; what is no bundle says why', () => {
  const records = bundle.records.map((record) => (record.count === 12 ? { ...record, atMs: record.atMs + 1 } : record));
  const changed = verify(encodeBundle({ ...bundle, records }));
  expect(changed).toMatchObject({ exitCode: 1, data: { valid: false } });
  expect(changed.lines.join('\n')).toContain('record 13 does not follow the one before it');

  const reformatted = verify(Buffer.from(JSON.stringify(JSON.parse(file.toString('utf8')), undefined, 2)));
  expect(reformatted).toMatchObject({ exitCode: 1, data: { error: { message: expect.stringContaining('one form') } } });
  expect(verify(Buffer.from('no json')).exitCode).toBe(1);
  expect(verify(Buffer.alloc(0)).exitCode).toBe(1);
});

test('text of an incident is kept as it is and drives no terminal', () => {
  const pinned = parseNetworkGenesis(readFileSync(at('network.json')), 'network.json');
  const made = forged(pinned, bundle, ([opening, ...more]) => {
    if (opening === undefined) return [];
    return [{ ...opening, by: '\u001b[2Jeve', facts: { ...opening.facts, title: 'a\u202eb\u0007' } }, ...more];
  });
  writeFileSync(at('network.json'), JSON.stringify(made.genesis));
  const outcome = verify(encodeBundle(made.bundle));
  expect(outcome).toMatchObject({ exitCode: 0, data: { state: { title: 'a\u202eb\u0007' } } });
  const text = outcome.lines.join('\n');
  expect(text).toContain('eve');
  expect(text).not.toMatch(/[\u001b\u202e\u0007]/);
});
