import { z } from 'zod';
import { AT_MS_MAX } from '../../../domain/audit/shape.ts';
import { type CeremonyId, isCeremonyId, type KeysetId } from '../../../domain/ceremony/ceremony.ts';
import { canonicalBytes, sha256Hex } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { validatorId } from '../../../domain/network/network.ts';
import { RELEASE_OUTPOINTS_MAX } from '../../../domain/vault/verify-release.ts';
import {
  encodeDocument,
  parseKeyCertificate,
  parseSignedEpoch,
  parseSignedGrant,
  parseSignedGrantUse,
  parseSignedOrder,
} from '../../../wire/documents/index.ts';
import {
  digestField,
  environmentField,
  hexOf,
  lineOfText,
  networkName,
  wholeNumber,
} from '../../../wire/documents/fields.ts';
import { VALIDATORS_MAX } from '../../../wire/documents/genesis.ts';
import { CHAIN_FREEZE_REASON_CHARACTERS_MAX } from '../journal/chain-freezes.ts';
import { documentText } from '../journal/documents.ts';
import { KEY_BRAKES } from '../journal/remembered.ts';
import type { CustodyInterchangeFailure } from './failures.ts';
import { type Interchange, mergeOf } from './interchange.ts';

/** A quarter of a gigabyte: what 700,000 signed inputs leave behind. */
export const INTERCHANGE_BYTES_MAX = 268_435_456;

const atMs = wholeNumber(0, AT_MS_MAX);
const sats = wholeNumber(0, 2_100_000_000_000_000);
const ceremony = z.string().refine(isCeremonyId);
const outpoint = z.string().regex(/^[0-9a-f]{64}:\d{1,10}$/);
const anything = z.record(z.string(), z.unknown());

/** One line each. Unknown kinds and fields are refused: a memory that is read in part is a memory lost. */
const entry = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('nonce'), commitment: hexOf(66), ceremony, requestDigest: digestField(), atMs }),
  z.strictObject({
    kind: z.literal('lock'),
    outpoint,
    txid: hexOf(32),
    feeSats: sats,
    requestDigest: digestField(),
    atMs,
  }),
  z.strictObject({
    kind: z.literal('transaction'),
    txid: hexOf(32),
    outpoints: z.array(outpoint).min(1).max(RELEASE_OUTPOINTS_MAX),
    atMs,
  }),
  z.strictObject({ kind: z.literal('outflow'), outpoint, sats, atMs }),
  z.strictObject({ kind: z.literal('keygen'), ceremony, epoch: wholeNumber(0, 0xffff_ffff), atMs }),
  z.strictObject({
    kind: z.literal('head'),
    // A coordinator chose it: whatever a validator has signed under must be read back.
    incident: z.string().min(1).max(400),
    count: wholeNumber(1),
    root: digestField(),
    atMs,
  }),
  z.strictObject({
    kind: z.literal('key'),
    keyset: hexOf(16).transform((text) => text as KeysetId),
    epoch: wholeNumber(0, 0xffff_ffff),
    brake: z.enum(KEY_BRAKES),
    certificate: z.string().max(131_072),
  }),
  z.strictObject({ kind: z.literal('epoch'), signed: anything }),
  z.strictObject({ kind: z.literal('order'), signed: anything }),
  z.strictObject({ kind: z.literal('use'), grant: anything, use: anything }),
  z.strictObject({
    kind: z.literal('chain-freeze'),
    tip: z.strictObject({ hash: hexOf(32), height: wholeNumber(0, 0xffff_ffff) }),
    reason: lineOfText(CHAIN_FREEZE_REASON_CHARACTERS_MAX),
    afterOrder: wholeNumber(0),
  }),
]);
type Entry = z.infer<typeof entry>;
type Of<Kind extends Entry['kind']> = Extract<Entry, { kind: Kind }>;

const first = z.strictObject({
  kind: z.literal('firebreak-journal'),
  version: z.literal(1),
  environment: environmentField(),
  network: networkName(),
  validator: wholeNumber(1, VALIDATORS_MAX).transform(validatorId),
  identity: hexOf(32),
});
const last = z.strictObject({ kind: z.literal('end'), entries: wholeNumber(0), digest: digestField() });

/** One JSON text a line, sorted, so that equal memories are equal files; the last line proves that all others are there. */
export function writeInterchange(interchange: Interchange, bytesMax = INTERCHANGE_BYTES_MAX): string {
  const { owner, remembered, epochs, order, uses, chainFreeze } = normal(interchange);
  const entries: readonly unknown[] = [
    ...epochs.map((signed) => ({ kind: 'epoch', signed })),
    ...(order === undefined ? [] : [{ kind: 'order', signed: order }]),
    ...uses.map((used) => ({ kind: 'use', ...used })),
    ...(chainFreeze === undefined ? [] : [{ kind: 'chain-freeze', ...chainFreeze }]),
    ...remembered.keysets.map((key) => ({ kind: 'key', ...key })),
    ...remembered.keygens.map((keygen) => ({ kind: 'keygen', ...keygen })),
    ...remembered.heads.map((head) => ({ kind: 'head', ...head })),
    ...remembered.locks.map((lock) => ({ kind: 'lock', ...lock })),
    ...remembered.transactions.map((known) => ({ kind: 'transaction', ...known })),
    ...remembered.outflow.map((coin) => ({ kind: 'outflow', ...coin })),
    ...remembered.nonces.map((nonce) => ({ kind: 'nonce', ...nonce })),
  ];
  const lines = [{ kind: 'firebreak-journal', version: 1, ...owner }, ...entries].map(lineOf);
  const text = lines.join('');
  const whole = `${text}${lineOf({ kind: 'end', entries: entries.length, digest: digestOf(text) })}`;
  const bytes = Buffer.byteLength(whole);
  if (bytes > bytesMax)
    throw new FirebreakFailure<CustodyInterchangeFailure>(
      'policy.interchange-size',
      `the journal would take ${bytes} bytes, an export carries ${bytesMax}`,
    );
  return whole;
}

/** Throws `input.interchange-file`, and what its documents throw; they are read here and judged by whoever takes them. */
export function readInterchange(text: string, where: string): Interchange {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw unreadable(where, lines.length + 1, 'the file is cut off');
  const read = <T>(schema: z.ZodType<T>, line: string | undefined, at: number): T => {
    const parsed = schema.safeParse(jsonIn(line ?? '', where, at));
    if (parsed.success) return parsed.data;
    throw unreadable(where, at, 'is not an entry of this version');
  };
  const end = read(last, lines.at(-1), lines.length);
  const head = text.slice(0, text.length - (lines.at(-1)?.length ?? 0) - 1);
  if (end.entries !== lines.length - 2 || end.digest !== digestOf(head))
    throw unreadable(where, lines.length, 'the digest of the lines before does not fit');
  const { kind: _kind, version: _version, ...owner } = read(first, lines[0], 1);
  const entries = lines.slice(1, -1).map((line, at) => read(entry, line, at + 2));
  const locked = new Set(entries.flatMap((each) => (each.kind === 'lock' ? [each.outpoint] : [])));
  const unlocked = entries.findIndex((each) => each.kind === 'outflow' && !locked.has(each.outpoint));
  if (unlocked !== -1) throw unreadable(where, unlocked + 2, 'counts an output that no payout locked');
  const of = <Kind extends Entry['kind']>(kind: Kind): readonly Omit<Of<Kind>, 'kind'>[] =>
    entries.filter((each): each is Of<Kind> => each.kind === kind).map(({ kind: _name, ...rest }) => rest);
  const document = (value: unknown): Uint8Array => encodeDocument(value);
  const single = <Kind extends 'order' | 'chain-freeze'>(kind: Kind) => {
    const [found, another] = of(kind);
    if (another !== undefined) throw unreadable(where, lines.length, `holds more than one ${kind}`);
    return found;
  };
  const signedOrder = single('order');
  const order = signedOrder && parseSignedOrder(document(signedOrder.signed), where);
  const chainFreeze = single('chain-freeze');
  // Who froze stood at an order, and every copy says at which it stands: else a forger could ask for a lift of a number that never comes.
  if (chainFreeze !== undefined && chainFreeze.afterOrder > (order?.order.number ?? 0))
    throw unreadable(where, lines.length, 'freezes after an order that it does not hold');
  return {
    owner,
    remembered: {
      nonces: of('nonce'),
      locks: of('lock'),
      transactions: of('transaction'),
      outflow: of('outflow'),
      keygens: of('keygen').map((keygen) => ({ ...keygen, ceremony: keygen.ceremony as CeremonyId })),
      heads: of('head'),
      keysets: of('key').map((key) => ({
        ...key,
        certificate: documentText(parseKeyCertificate(key.certificate, where)),
      })),
    },
    epochs: of('epoch').map(({ signed }) => parseSignedEpoch(document(signed), where)),
    order,
    uses: of('use').map(({ grant, use }) => ({
      grant: parseSignedGrant(document(grant), where),
      use: parseSignedGrantUse(document(use), where),
    })),
    chainFreeze,
  };
}

function normal(interchange: Interchange): Interchange {
  const merged = mergeOf(interchange, interchange);
  if (!merged.ok) throw new FirebreakFailure('bug.journal', merged.refusal.message);
  return merged.value;
}

const lineOf = (value: unknown): string => `${Buffer.from(canonicalBytes(value)).toString('utf8')}\n`;
const digestOf = (text: string) => sha256Hex(new Uint8Array(Buffer.from(text)));

function jsonIn(line: string, where: string, at: number): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw unreadable(where, at, 'is not JSON');
  }
}

const unreadable = (where: string, line: number, what: string) =>
  new FirebreakFailure<CustodyInterchangeFailure>('input.interchange-file', `${where}:${line}: ${what}`);
