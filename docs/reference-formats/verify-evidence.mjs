/**
 * Checks one evidence bundle, alone: written from evidence.md and votes.md beside this file, and knows nothing of the platform.
 *
 *   node verify-evidence.mjs network.json bundle.json [--open]
 *
 * Prints one line of JSON; exit code 0 when everything holds, 1 when not. Transcripts of ceremonies are left to `firebreak ceremony verify`.
 */
import { readFileSync } from 'node:fs';
import canonicalize from 'canonicalize';
import { RULES } from './evidence-rules.mjs';
import { checkInside, checkPlaybook } from './evidence-runs.mjs';
import { demand, digest, isProgram, isSigned, Refusal, sha256 } from './verify-votes.mjs';

const jcs = (value) => Buffer.from(canonicalize(value), 'utf8');
const tagged = (tag, ...parts) => sha256(Buffer.concat([sha256(tag), sha256(tag), ...parts]));
const bytesOf = (hex) => (/^([0-9a-f]{2})*$/.test(hex) ? Buffer.from(hex, 'hex') : demand(false, 'hex'));
const same = (one, other) => canonicalize(one) === canonicalize(other);
const ascending = (texts) => texts.every((text, at) => at === 0 || texts[at - 1] < text);

/* Protobuf: field number → a varint, or bytes. */
function fieldsOf(bytes) {
  const fields = {};
  for (let at = 0; at < bytes.length; ) {
    const varint = () => {
      for (let value = 0n, shift = 0n; ; shift += 7n) {
        demand(at < bytes.length && shift < 64n, 'protobuf');
        value |= BigInt(bytes[at] & 127) << shift;
        if (bytes[at++] < 128) return Number(value);
      }
    };
    const tag = varint();
    demand(tag % 8 === 0 || tag % 8 === 2, 'protobuf');
    const value = varint();
    demand(tag % 8 === 0 || at + value <= bytes.length, 'protobuf');
    fields[Math.floor(tag / 8)] = tag % 8 === 0 ? value : bytes.subarray(at, (at += value));
  }
  return fields;
}
const text = (bytes) => Buffer.from(bytes ?? []).toString('utf8');
const hex = (bytes) => Buffer.from(bytes ?? []).toString('hex');

/** Validator → payload fields of statements of one round; one that is not good spoils them all. */
function statementsOf(network, statements, round) {
  const said = new Map();
  for (const statement of statements) {
    const [header, payload, signature] = [1, 2, 3].map((at) => fieldsOf(bytesOf(statement))[at] ?? Buffer.alloc(0));
    const {
      1: version,
      3: environment,
      4: name,
      5: keyset,
      6: epoch,
      7: ceremony,
      8: of,
      9: from,
      11: sum,
    } = fieldsOf(header);
    const identity = network.validators.find(({ id }) => id === from)?.identity;
    const about = [version, text(environment), text(name), of, text(keyset), epoch ?? 0, text(ceremony)];
    demand(same(about, [1, network.environment, network.name, round, '', 0, '']), 'statement of something else');
    demand(identity !== undefined && hex(sum) === hex(sha256(payload)) && !said.has(from), 'statement of nobody');
    const message = hex(tagged('firebreak/envelope/v1', header));
    demand(isSigned({ key: identity }, message, hex(signature)), 'statement without signature');
    said.set(from, fieldsOf(payload));
  }
  return said;
}
function checkHead(network, { statements, ...head }) {
  const said = statementsOf(network, statements, 26);
  for (const { 1: incident, 2: count, 3: last, 4: root } of said.values())
    demand(same({ incident: text(incident), count, head: hex(last), root: hex(root) }, head), 'another head');
  const from = [...said.keys()];
  demand(from.length >= network.threshold && from.every((id, at) => id > (from[at - 1] ?? 0)), 'too few statements');
  return from;
}
function rootOf(leaves) {
  if (leaves.length === 1) return tagged('firebreak/audit-leaf/v1', bytesOf(leaves[0]));
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return tagged('firebreak/audit-node/v1', rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

/** Digest → value of a JSON document, or bytes. */
function documentsOf({ documents, leftOut, records }) {
  const found = new Map();
  for (const { digest: name, json, base64, ...more } of documents) {
    const bytes = base64 === undefined ? jcs(json) : Buffer.from(base64, 'base64');
    const isCanonical = base64 === undefined || (bytes.toString('base64') === base64 && !isJcs(bytes));
    demand(hex(sha256(bytes)) === name && isCanonical && same(more, {}), 'another document');
    found.set(name, { value: json ?? bytes, size: bytes.length });
  }
  demand(ascending(documents.map(({ digest: name }) => name)) && ascending(leftOut), 'another order of documents');
  const named = records.flatMap((record) => record.documents);
  for (const { what, digest: name, sizeBytes } of named) {
    const isThere =
      what === 'attachment' ? found.has(name) || leftOut.includes(name) : found.get(name)?.size === sizeBytes;
    demand(isThere, 'a document is missing');
  }
  const names = new Set(named.map(({ digest: name }) => name));
  demand(
    [...found.keys(), ...leftOut].every((name) => names.has(name)),
    'a document that no record names',
  );
  return found;
}
function isJcs(bytes) {
  try {
    return jcs(JSON.parse(bytes.toString('utf8'))).equals(bytes);
  } catch {
    return false;
  }
}

/** {ok: true, records} or {ok: false, why, record?}; `record` is the place of the first record that is wrong. */
export function verifyEvidence({ network, file, isOpen = false }) {
  let at;
  try {
    const bundle = JSON.parse(file.toString('utf8'));
    demand(Buffer.concat([jcs(bundle), Buffer.from('\n')]).equals(file), 'another form');
    const { environment, network: name, incident, records, head } = bundle;
    const fields = 'documents environment genesis head incident kind leftOut network records version';
    demand(Object.keys(bundle).sort().join(' ') === fields && bundle.version === 1, 'another shape');
    demand(bundle.kind === 'evidence-bundle' && records.length > 0 && records.length <= 20_000, 'another shape');
    demand(same([environment, name], [network.environment, network.name]), 'another network');
    demand(bundle.genesis === digest('firebreak/network-genesis/v1', network), 'another network file');
    const digests = records.map((record) => digest('firebreak/audit-record/v1', record));
    for (const [index, record] of records.entries()) {
      at = index + 1;
      const { version, kind, facts, atMs, by, playbook, documents, ...place } = record;
      demand(version === 1 && documents && kind && facts, 'shape');
      demand(playbook === undefined || /^[0-9a-f]{64}$/.test(playbook), 'shape');
      demand(typeof by === 'string' && Number.isInteger(atMs) && atMs <= 253_402_300_799_999, 'shape');
      const previous = digests[index - 1] ?? '0'.repeat(64);
      demand(same(place, { environment, network: name, incident, count: at, previous }), 'not the next record');
    }
    at = undefined;
    const here = { incident, count: records.length, head: digests.at(-1), root: hex(rootOf(digests)) };
    demand(same(head, { ...here, statements: head.statements }), 'another head');
    checkHead(network, head);
    const found = documentsOf(bundle);
    const world = worldOf(network, digests);
    for (const record of records) {
      at = record.count;
      demand(!world.closed && (at > 1 || record.kind === 'incident.opened'), 'not its place');
      const now = Math.floor(record.atMs / 1000);
      const one = (what) => {
        const named = record.documents.filter((document) => document.what === what);
        demand(named.length === 1, `names no ${what}`);
        return found.get(named[0].digest).value;
      };
      RULES[record.kind]?.(record.facts, world, { ...record, one, now });
      if (record.facts.run !== undefined) world.run(record.facts.run);
      checkPlaybook(world, record);
    }
    at = undefined;
    for (const opened of world.runs.values()) {
      if (opened.within !== undefined) world.run(opened.within.run);
      checkInside(world, opened);
    }
    demand(world.closed || isOpen, 'not closed');
    return { ok: true, records: records.length };
  } catch (error) {
    const why = error instanceof Refusal ? error.message : `cannot be read: ${error.message}`;
    return { ok: false, why, ...(at === undefined ? {} : { record: at }) };
  }
}

/** What is known after the records so far. */
function worldOf(network, digests) {
  const runs = new Map();
  const run = (name) => {
    demand(runs.has(name), 'a run that was never opened');
    return runs.get(name);
  };
  const world = {
    network,
    digests,
    runs,
    run,
    committee: network.committee,
    chain: [],
    asked: new Map(),
    commands: new Map(),
    obeyed: 0,
    closed: false,
  };
  return {
    ...world,
    statementsOf: (statements) => statementsOf(network, statements, 22),
    checkHead: (head) => checkHead(network, head),
    rootOf: (list) => hex(rootOf(list)),
  };
}

if (isProgram(import.meta.url)) {
  const [networkFile, bundleFile, option] = process.argv.slice(2);
  const network = JSON.parse(readFileSync(networkFile, 'utf8'));
  const verdict = verifyEvidence({ network, file: readFileSync(bundleFile), isOpen: option === '--open' });
  console.log(JSON.stringify(verdict));
  process.exitCode = verdict.ok ? 0 : 1;
}
