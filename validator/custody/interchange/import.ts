import { certificateDigest } from '../../../domain/ceremony/digests.ts';
import { failureOf, FirebreakFailure, type Refusal } from '../../../domain/errors/failure.ts';
import { verifyCertificate } from '../../../threshold/verify/certificate.ts';
import { parseKeyCertificate } from '../../../wire/documents/index.ts';
import { createCommittees } from '../committees.ts';
import type { AgentDependencies } from '../dependencies.ts';
import { createGrants } from '../grants.ts';
import type { Remembered } from '../journal/remembered.ts';
import { createOrders } from '../orders.ts';
import type { CustodyInterchangeFailure } from './failures.ts';
import { asFarAsHeld, type Interchange, interchangeOf, mergeOf, ownerIn } from './interchange.ts';

type Parts = Pick<AgentDependencies, 'genesis' | 'self' | 'journal' | 'clock' | 'logger'>;

/** What this journal knows better already. */
const KNOWN_BETTER: ReadonlySet<Refusal['code']> = new Set([
  'conflict.order-number',
  'conflict.order-fork',
  'conflict.grant-passed',
]);

/**
 * Adds to a journal what another copy of it remembers: one transaction, all of it or nothing. Afterwards this validator refuses whatever
 * either of the two would have refused. Documents of others are judged as if they had just been heard, in their own time: the other
 * copy obeyed them then. Throws the codes of `custodyInterchangeFailures` and of the journal.
 */
export function importInto(parts: Parts, exported: Interchange): void {
  const { genesis, self, journal, clock } = parts;
  journal.atOnce(() => {
    const interchange = asFarAsHeld(journal, exported);
    const mine = interchangeOf(journal, ownerIn(genesis, self));
    const merged = mergeOf(mine, interchange);
    if (!merged.ok) throw failureOf(merged.refusal);
    for (const key of interchange.remembered.keysets) requireOwnKey(parts, key);
    obeyAll(parts, interchange);
    if (merged.value.chainFreeze !== undefined) journal.chainFreezes.begin(merged.value.chainFreeze, clock());
    journal.remembered.take(countedFromNow(mine, merged.value, clock()), clock());
  });
}

/** Nothing proves when another copy signed: a coin that it counted and this journal did not takes room of this window. */
function countedFromNow(mine: Interchange, { remembered }: Interchange, nowMs: number): Remembered {
  const counted = new Set(mine.remembered.outflow.map(({ outpoint }) => outpoint));
  const outflow = remembered.outflow.map((coin) =>
    counted.has(coin.outpoint) ? coin : { ...coin, atMs: Math.max(coin.atMs, nowMs) },
  );
  return { ...remembered, outflow };
}

function obeyAll(parts: Parts, { epochs, order, uses }: Interchange): void {
  const { genesis } = parts;
  const committees = createCommittees(parts);
  demand(committees.follow(epochs), 'a committee');
  // As many as sign vouch for it: then its own committee judges it, in its own time.
  if (order !== undefined) demand(createOrders(parts, committees).obey(order, genesis.threshold), 'the order');
  const grants = createGrants(parts, committees);
  for (const { grant, use } of uses) demand(grants.recall(grant, use), 'a use of a grant');
}

function demand(
  verdict: { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal },
  what: string,
): void {
  if (verdict.ok || KNOWN_BETTER.has(verdict.refusal.code)) return;
  const { code, message } = verdict.refusal;
  throw new FirebreakFailure<CustodyInterchangeFailure>('policy.interchange-document', `${what}: ${code}: ${message}`);
}

/** A key that all its participants signed, and where this validator made a share of it, the very same. */
function requireOwnKey({ genesis, journal }: Parts, key: Interchange['remembered']['keysets'][number]): void {
  const certificate = parseKeyCertificate(key.certificate, `certificate of keyset ${key.keyset}`);
  demand(verifyCertificate(certificate, genesis), 'a certificate');
  const { package: signed } = certificate;
  const held = journal.keysets.get(key.keyset)?.package;
  if (signed.keyset !== key.keyset || signed.epoch !== key.epoch)
    throw new FirebreakFailure<CustodyInterchangeFailure>(
      'policy.interchange-document',
      `the certificate of keyset ${key.keyset} is of another one`,
    );
  if (held !== undefined && certificateDigest(held) !== certificateDigest(signed))
    throw new FirebreakFailure<CustodyInterchangeFailure>(
      'conflict.interchange-key',
      `keyset ${key.keyset} is another key in this folder`,
    );
}
