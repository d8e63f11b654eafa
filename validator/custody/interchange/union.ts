import { accept, refuse, type Verdict } from '../../../domain/errors/failure.ts';
import { documentText } from '../journal/documents.ts';
import { isAhead } from '../journal/releases.ts';
import { KEY_BRAKES, type Remembered } from '../journal/remembered.ts';

/**
 * What two copies of one journal remember together: all of both, and of two values the stricter one. In whatever order copies are brought
 * together, what comes out is the same; where two of them contradict each other nothing does.
 */
export function unionOf(one: Remembered, other: Remembered): Verdict<Remembered> {
  const nonces = joined(one.nonces, other.nonces, ({ commitment }) => commitment, earlier);
  const burntTwice = nonces.pairs.find(([a, b]) => a.requestDigest !== b.requestDigest);
  if (burntTwice !== undefined)
    return refuse('conflict.interchange-nonce', 'one nonce was used in two requests', {
      commitment: burntTwice[0].commitment,
      requests: burntTwice.map(({ requestDigest }) => requestDigest),
    });
  const apart = signedApart(one, other) ?? signedApart(other, one);
  if (apart !== undefined) return apart;
  const heads = joined(one.heads, other.heads, ({ incident, count }) => `${incident} ${count}`, earlier);
  const forked = heads.pairs.find(([a, b]) => a.root !== b.root)?.[0];
  if (forked !== undefined)
    return refuse('conflict.interchange-head', `two roots over ${forked.count} records of incident ${forked.incident}`);
  const keysets = joined(one.keysets, other.keysets, ({ keyset }) => keyset, strictest);
  const twoKeys = keysets.pairs.find(([a, b]) => packageIn(a) !== packageIn(b))?.[0];
  if (twoKeys !== undefined)
    return refuse('conflict.interchange-key', `keyset ${twoKeys.keyset} is another key on the other side`);
  return accept({
    nonces: nonces.all,
    locks: joined(one.locks, other.locks, lockName, earlier).all,
    transactions: joined(one.transactions, other.transactions, ({ txid }) => txid, earlier).all,
    outflow: joined(one.outflow, other.outflow, ({ outpoint }) => outpoint, heavier).all,
    keygens: joined(one.keygens, other.keygens, ({ ceremony }) => ceremony, earlier).all,
    heads: heads.all,
    keysets: keysets.all,
  });
}

type Coin = Remembered['outflow'][number];

/** What is counted as signed later is counted longer. */
const heavier = (a: Coin, b: Coin): Coin => ({
  outpoint: a.outpoint,
  sats: Math.max(a.sats, b.sats),
  atMs: Math.max(a.atMs, b.atMs),
});

type Key = Remembered['keysets'][number];

/** Two certificates of one key differ in nothing but the order of their signatures. */
const strictest = (a: Key, b: Key): Key => ({
  ...a,
  brake: KEY_BRAKES[Math.max(KEY_BRAKES.indexOf(a.brake), KEY_BRAKES.indexOf(b.brake))] ?? a.brake,
  certificate: a.certificate < b.certificate ? a.certificate : b.certificate,
});

const packageIn = ({ certificate }: Key): string =>
  documentText((JSON.parse(certificate) as { readonly package: unknown }).package);

type Lock = Remembered['locks'][number];
const lockName = ({ outpoint, txid }: Lock): string => `${outpoint} ${txid}`;

/**
 * A lock of `one` beside one of `other` on the same output where neither side knew of the other's transaction, and neither may take the
 * other's place. Who knew of it judged it then, also by a chain that nobody sees here.
 */
function signedApart(one: Remembered, other: Remembered): Verdict<never> | undefined {
  const theirs = new Map<string, Lock[]>();
  for (const lock of other.locks) theirs.set(lock.outpoint, [...(theirs.get(lock.outpoint) ?? []), lock]);
  const [ours, known] = [new Set(one.locks.map(lockName)), [knownTo(one), knownTo(other)] as const];
  const [spentHere, spentThere] = [spentIn(one), spentIn(other)];
  for (const mine of one.locks) {
    const beside = theirs.get(mine.outpoint) ?? [];
    if (beside.some(({ txid }) => txid === mine.txid)) continue;
    for (const their of beside) {
      if (ours.has(lockName(their))) continue;
      if (known[0](their) || known[1](mine)) continue;
      if (follows(spentHere, mine, spentThere, their) || follows(spentThere, their, spentHere, mine)) continue;
      return refuse(
        'conflict.interchange-lock',
        `output ${mine.outpoint} is signed away in ${mine.txid} and in ${their.txid}`,
        {
          outpoint: mine.outpoint,
          txids: [mine.txid, their.txid],
        },
      );
    }
  }
  return undefined;
}

/** Whether that side had locked outputs for the transaction too; a journal of an older build tells only by the nonces that it burnt for it. */
function knownTo({ nonces, transactions }: Remembered): (lock: Lock) => boolean {
  const requests = new Set(nonces.map(({ requestDigest }) => requestDigest));
  const txids = new Set(transactions.map(({ txid }) => txid));
  return ({ txid, requestDigest }) => txids.has(txid) || requests.has(requestDigest);
}

/** Whether the first transaction could have been signed after the second one, as far as their outputs and fees say (ADR 0008). */
function follows(its: Spent, late: Lock, whose: Spent, early: Lock): boolean {
  const [lateOutpoints, earlyOutpoints] = [its.get(late.txid) ?? [], whose.get(early.txid) ?? []];
  const wanted = { txid: late.txid, feeSats: late.feeSats, outpoints: lateOutpoints };
  return (
    earlyOutpoints.every((outpoint) => lateOutpoints.includes(outpoint)) &&
    isAhead(wanted, early, earlyOutpoints.length)
  );
}

/** Outputs that each transaction locked. */
type Spent = ReadonlyMap<string, readonly string[]>;

function spentIn({ locks }: Remembered): Spent {
  const spent = new Map<string, string[]>();
  for (const { txid, outpoint } of locks) {
    const outpoints = spent.get(txid);
    if (outpoints === undefined) spent.set(txid, [outpoint]);
    else outpoints.push(outpoint);
  }
  return spent;
}

type Joined<T> = {
  /** In the order of their names. */
  readonly all: readonly T[];
  /** Of the same name on both sides. */
  readonly pairs: readonly (readonly [T, T])[];
};

function joined<T>(
  one: readonly T[],
  other: readonly T[],
  nameOf: (entry: T) => string,
  choose: (a: T, b: T) => T,
): Joined<T> {
  const byName = new Map(one.map((entry) => [nameOf(entry), entry]));
  const pairs: (readonly [T, T])[] = [];
  for (const entry of other) {
    const name = nameOf(entry);
    const known = byName.get(name);
    if (known !== undefined) pairs.push([known, entry]);
    byName.set(name, known === undefined ? entry : choose(known, entry));
  }
  const all = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  return { all, pairs };
}

/** Of two rows of one thing the first; of the same time the one that comes first as text, so that it is the same one on both sides. */
function earlier<T extends { readonly atMs: number }>(a: T, b: T): T {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs ? a : b;
  return JSON.stringify(a) <= JSON.stringify(b) ? a : b;
}
