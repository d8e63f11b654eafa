import { fromBinary } from '@bufbuild/protobuf';
import type { KeyCertificate } from '../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import { enoughToName, enoughToOutvote, namedByEnough, type NamedVault } from '../domain/vault/named.ts';
import { verifyCertificate } from '../threshold/verify/certificate.ts';
import { parseKeyCertificate } from '../wire/documents/index.ts';
import {
  Round,
  type VaultsHeld,
  VaultsHeldSchema,
  ValidatorStatusSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from './asking.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { everyone } from './gathering.ts';

/** Vaults of one validator are listed in pages of two thousand; nobody holds more than fifty of them. */
const PAGES_MAX = 60;
/** How long those are waited for who do not answer; what enough of the others have said by then is used. */
const ASK_MS = 5_000;
/** Or so long at least, once enough have answered: a rotation leaves somebody out who may not answer at all. */
const LINGER_MS = 1_000;

export type HeldVault = NamedVault & { readonly keyset: string };

export type KeyHoldings = { readonly certificate: KeyCertificate; readonly vaults: readonly HeldVault[] };

/**
 * Keys of an epoch and the vaults under them that hold coins, by the signed statements of at least `threshold` validators. A vault
 * that so many hold is named by all of them but the few that may be missing or lie. `unavailable.validators` when too few answer.
 */
export async function holdingsOf(
  deps: ActivityDependencies,
  now: Attempt,
  epoch: number,
): Promise<readonly KeyHoldings[]> {
  const keysets = await keysetsOf(deps, now, epoch);
  const holdings: KeyHoldings[] = [];
  for (const keyset of keysets) {
    const listings = await listingsOf(deps, now, keyset, epoch);
    const certificate = firstCertificateIn(deps, listings, keyset);
    if (certificate !== undefined)
      holdings.push({ certificate, vaults: vaultsIn(deps, listings).map((vault) => ({ ...vault, keyset })) });
  }
  return holdings;
}

async function keysetsOf(deps: ActivityDependencies, now: Attempt, epoch: number): Promise<readonly string[]> {
  const request = requestBytes(deps, { case: 'sayStatus', value: {} });
  const { accepted } = await gather(deps, now, {
    requests: new Map(everyone(deps).map((validator) => [validator, request])),
    enough: deps.genesis.validators.length,
    expected: { round: Round.STATUS, keyset: '', epoch: 0, ceremony: '' },
    untilMs: deps.clock() + ASK_MS,
    lingerMsMin: LINGER_MS,
    lingerFrom: enoughToOutvote(deps.genesis),
  });
  requireEnough(deps, accepted.size, 'said which keys they hold');
  const named = new Map<string, number>();
  for (const { payload } of accepted.values()) {
    for (const held of fromBinary(ValidatorStatusSchema, payload).keysets)
      if (held.epoch === epoch && held.state !== 'proposed') named.set(held.keyset, (named.get(held.keyset) ?? 0) + 1);
  }
  const need = enoughToName(deps.genesis, accepted.size);
  return [...named].filter(([, count]) => count >= need).map(([keyset]) => keyset);
}

/** Every page of every validator that answers to the last one. */
async function listingsOf(
  deps: ActivityDependencies,
  now: Attempt,
  keyset: string,
  epoch: number,
): Promise<ReadonlyMap<ValidatorId, readonly VaultsHeld[]>> {
  const pages = new Map<ValidatorId, VaultsHeld[]>();
  let cursors = new Map(everyone(deps).map((validator) => [validator, '']));
  for (let page = 0; page < PAGES_MAX && cursors.size > 0; page += 1) {
    const { accepted } = await gather(deps, now, {
      requests: new Map(
        [...cursors].map(([validator, after]) => [
          validator,
          requestBytes(deps, { case: 'sayVaults', value: { keyset, after } }),
        ]),
      ),
      enough: cursors.size,
      expected: { round: Round.VAULTS_HELD, keyset, epoch },
      untilMs: deps.clock() + ASK_MS,
      lingerMsMin: LINGER_MS,
      lingerFrom: enoughToOutvote(deps.genesis),
    });
    for (const validator of cursors.keys()) if (!accepted.has(validator)) pages.delete(validator);
    const next = new Map<ValidatorId, string>();
    for (const [validator, { payload }] of accepted) {
      const held = fromBinary(VaultsHeldSchema, payload);
      pages.set(validator, [...(pages.get(validator) ?? []), held]);
      // A cursor that does not move on would ask for ever.
      if (held.next > (cursors.get(validator) ?? '')) next.set(validator, held.next);
    }
    cursors = next;
    now.report({ keyset, listings: pages.size });
  }
  requireEnough(deps, pages.size, `listed the vaults of key epoch ${epoch}`);
  return pages;
}

/** One that holds is enough: each takes so long to verify that a slow worker would miss its heartbeats over all of them. */
function firstCertificateIn(
  deps: Pick<ActivityDependencies, 'genesis'>,
  listings: ReadonlyMap<ValidatorId, readonly VaultsHeld[]>,
  keyset: string,
): KeyCertificate | undefined {
  for (const listing of listings.values()) {
    const certificate = certificateIn(deps, listing, keyset);
    if (certificate !== undefined) return certificate;
  }
  return undefined;
}

/** The first page carries it; it is believed for its signatures and not for who sent it. */
function certificateIn(
  { genesis }: Pick<ActivityDependencies, 'genesis'>,
  [first]: readonly VaultsHeld[],
  keyset: string,
): KeyCertificate | undefined {
  try {
    const certificate = parseKeyCertificate(first?.certificate ?? new Uint8Array(0), 'certificate of a validator');
    return certificate.package.keyset === keyset && verifyCertificate(certificate, genesis).ok
      ? certificate
      : undefined;
  } catch {
    return undefined;
  }
}

const vaultsIn = (
  { genesis }: Pick<ActivityDependencies, 'genesis'>,
  listings: ReadonlyMap<ValidatorId, readonly VaultsHeld[]>,
): readonly NamedVault[] =>
  namedByEnough(
    [...listings.values()].map((pages) => pages.flatMap(({ vaults }) => vaults)),
    enoughToName(genesis, listings.size),
  );

function requireEnough({ genesis }: Pick<ActivityDependencies, 'genesis'>, have: number, did: string): void {
  if (have >= genesis.threshold) return;
  throw new FirebreakFailure('unavailable.validators', `${have} of ${genesis.threshold} needed validators ${did}`, {
    need: genesis.threshold,
    have,
  });
}
