import { grantUseDigest } from '../../domain/committee/grant-use.ts';
import { orderDigest } from '../../domain/committee/order.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { type FailureCode, type Verdict } from '../../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId } from '../../domain/network/network.ts';
import {
  parseSignedEpoch,
  parseSignedGrant,
  parseSignedGrantUse,
  parseSignedOrder,
} from '../../wire/documents/index.ts';
import { type EnvelopeRefusal, MESSAGE_BYTES_MAX, openEnvelope } from '../../wire/envelope.ts';
import {
  type Announcement,
  AnnouncementSchema,
  type OrderState,
  Round,
  ValidatorStatusSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { DropReason } from './agent.ts';
import { Attesting } from './attesting.ts';
import type { Committees } from './committees.ts';
import type { Grants } from './grants.ts';
import { BoundedMap } from './memory.ts';
import type { Orders } from './orders.ts';
import type { Sightings } from './sightings.ts';
import { decode } from './statements.ts';

/** Liveness of 15 validators every second fills it in ten minutes; older repeats are caught by their time. */
const HEARD_KEPT = 8_192;
/** A clock that is further off says nothing useful about now. */
const AGE_MS_MAX = 600_000;

export type Heard = 'accept' | 'ignore' | DropReason;

const DROPS: Readonly<Record<EnvelopeRefusal, DropReason>> = {
  'input.envelope-malformed': 'malformed',
  'input.envelope-version': 'version',
  'policy.envelope-environment': 'environment',
  'policy.envelope-unlisted': 'unlisted',
  'policy.envelope-signature': 'unsigned',
  'policy.envelope-payload': 'unsigned',
  'conflict.envelope-stale': 'stale',
};

/** What is refused here may be right for whoever passes it on: by its clock, under its committee, or because it heard another one first. */
const PROOF_DROPS: Readonly<Partial<Record<FailureCode, Heard>>> = {
  'conflict.order-number': 'ignore',
  // It carries a quorum: whoever obeyed it first passes it on in good faith.
  'conflict.order-fork': 'ignore',
  'policy.order-expired': 'stale',
  // Right by the clock of whoever passes it on, and soon by this one.
  'policy.order-term': 'stale',
  'policy.order-number': 'stale',
  // Right where fewer freezes of the row are known.
  'policy.order-renewals': 'ignore',
  'policy.order-epoch': 'stale',
  'policy.order-environment': 'environment',
  'policy.order-quorum': 'unsigned',
  'conflict.grant-passed': 'ignore',
  'conflict.grant-repeated': 'ignore',
  'not-yet.grant-order': 'ignore',
  'policy.grant-uses': 'ignore',
  'policy.grant-duration': 'stale',
  'policy.grant-window': 'stale',
  'policy.grant-epoch': 'stale',
  'policy.grant-environment': 'environment',
  'policy.grant-quorum': 'unsigned',
  'policy.grant-holder': 'unsigned',
  'conflict.epoch-fork': 'ignore',
  'policy.epoch-number': 'stale',
  'policy.epoch-previous': 'ignore',
  'policy.epoch-environment': 'environment',
  'policy.epoch-quorum': 'unsigned',
  'policy.epoch-unproven': 'unsigned',
  'policy.epoch-signature': 'unsigned',
  'policy.epoch-stranger': 'unsigned',
};

export type HearingParts = {
  readonly genesis: NetworkGenesis;
  readonly self: ValidatorId;
  readonly orders: Orders;
  readonly grants: Grants;
  readonly committees: Committees;
  readonly sightings: Pick<Sightings, 'hear'>;
  /** Unix milliseconds. */
  readonly clock: () => number;
};

export type Hearing = {
  /** Judges gossip: what is new and signed goes on, what is old is ignored, everything else is dropped under a name. */
  hear(bytes: Uint8Array): Heard;
  /** A validator says, signed, that it obeys a later committee than this one. */
  onBehind(listener: (validator: ValidatorId) => void): void;
};

export function createHearing({ genesis, self, orders, grants, committees, sightings, clock }: HearingParts): Hearing {
  const heard = new BoundedMap<string, true>(HEARD_KEPT);
  const latest = new Map<number, number>();
  const behind: ((validator: ValidatorId) => void)[] = [];
  const spokeLately = (id: number): boolean => (latest.get(id) ?? 0) >= clock() - AGE_MS_MAX;
  /** The order that would change ours, and the use that would, by validator, as its latest liveness says. */
  const orderStandings = new Attesting(spokeLately);
  const useStandings = new Attesting(spokeLately);

  function judge(announcement: Announcement): Heard {
    const { liveness, signedOrder, signedGrant, signedGrantUse, signedEpochs } = announcement;
    const said: Heard[] = [];
    for (const epoch of signedEpochs) said.push(hearEpoch(epoch));
    if (signedOrder.length > 0) said.push(hearOrder(signedOrder));
    if (signedGrant.length + signedGrantUse.length > 0) said.push(hearUse(signedGrant, signedGrantUse));
    if (liveness !== undefined && !said.some(isHeldAgainst)) said.push(hearLiveness(liveness));
    return worst(said);
  }

  function hearEpoch(bytes: Uint8Array): Heard {
    const signed = read(() => parseSignedEpoch(bytes, GOSSIP));
    return signed === undefined ? 'malformed' : heardAs(committees.follow([signed]));
  }

  function hearOrder(bytes: Uint8Array): Heard {
    const signed = read(() => parseSignedOrder(bytes, GOSSIP));
    return signed === undefined ? 'malformed' : heardAs(orders.obey(signed));
  }

  function hearUse(grantBytes: Uint8Array, useBytes: Uint8Array): Heard {
    const used = readUse(grantBytes, useBytes);
    return used === undefined ? 'malformed' : heardAs(grants.use(used.grant, used.use));
  }

  /**
   * A peer that stands at a later order, or at another one of the same number, carries it along: it proves itself, whoever brings it.
   * Past its time it counts when enough peers stand at it, for whoever was away while it could be presented.
   */
  function hearStanding(bytes: Uint8Array, from: number): void {
    if (bytes.length === 0 || orderStandings.saysNothing(bytes)) return;
    const signed = read(() => parseSignedOrder(bytes, GOSSIP));
    if (signed === undefined) return;
    if (!orders.wouldReplace(signed.order)) {
      // Another order of our number that ranks below ours changes nothing and says that somebody signed twice.
      if (signed.order.number === orders.state().number) orders.obey(signed);
      return orderStandings.settle(bytes);
    }
    const digest = orderDigest(signed.order);
    // More signatures under the same order may be what it lacked.
    const said = { digest: sha256Hex(bytes), peers: orderStandings.add(from, digest), atMs: clock() };
    if (orderStandings.isRefused(from, said)) return;
    const obeyed = orders.obey(signed, said.peers);
    if (obeyed.ok) orderStandings.clear();
    else if (obeyed.refusal.code === 'policy.order-renewals') orderStandings.refuse(from, said);
  }

  /** The same for the use of a grant by which a peer is frozen. */
  function hearFrozen({ signedGrant, signedGrantUse }: OrderState, from: number): void {
    if (signedGrantUse.length === 0 || useStandings.saysNothing(signedGrantUse)) return;
    const used = readUse(signedGrant, signedGrantUse);
    if (used === undefined) return;
    const peers = useStandings.add(from, grantUseDigest(used.use.use));
    if (!grants.use(used.grant, used.use, peers).ok) return;
    useStandings.clear();
    useStandings.settle(signedGrantUse);
  }

  function hearLiveness(envelope: NonNullable<Announcement['liveness']>): Heard {
    if (envelope.signature.length === 0) return 'unsigned';
    const opened = openEnvelope(genesis, envelope, { round: Round.STATUS });
    if (!opened.ok) return DROPS[opened.refusal.code];
    const status = decode(ValidatorStatusSchema, opened.value.payload);
    if (status === undefined) return 'malformed';
    const { from } = opened.value;
    sightings.hear(opened.value, status);
    const atMs = Number(status.atMs);
    if (atMs <= (latest.get(from) ?? 0) || Math.abs(clock() - atMs) > AGE_MS_MAX) return 'stale';
    latest.set(from, atMs);
    if (from === self) return 'accept';
    orderStandings.forget(from);
    useStandings.forget(from);
    if (status.committeeEpoch > committees.authority().committee.epoch) for (const tell of behind) tell(from);
    if (status.orders !== undefined && status.orders.number >= BigInt(orders.state().number)) {
      hearStanding(status.orders.signedOrder, from);
      hearFrozen(status.orders, from);
    }
    return 'accept';
  }

  return {
    hear(bytes) {
      if (bytes.length > MESSAGE_BYTES_MAX) return 'oversized';
      const name = sha256Hex(bytes);
      if (heard.get(name) === true) return 'duplicate';
      const announcement = decode(AnnouncementSchema, bytes);
      const verdict = announcement === undefined ? 'malformed' : judge(announcement);
      // Only now: an order that a full disk kept out is not old news when somebody says it again.
      heard.set(name, true);
      return verdict;
    },
    onBehind: (listener) => void behind.push(listener),
  };
}

const GOSSIP = 'announcement';
const FORGIVEN: ReadonlySet<Heard> = new Set(['accept', 'ignore', 'stale']);
const isHeldAgainst = (heard: Heard): boolean => !FORGIVEN.has(heard);

/** One part that nobody honest says spoils the whole; otherwise one part that is new is worth passing on. */
function worst(said: readonly Heard[]): Heard {
  const bad = said.find(isHeldAgainst);
  if (bad !== undefined) return bad;
  if (said.includes('accept')) return 'accept';
  return said.includes('ignore') ? 'ignore' : (said[0] ?? 'malformed');
}

function heardAs(verdict: Verdict<{ readonly isNew: boolean }>): Heard {
  if (verdict.ok) return verdict.value.isNew ? 'accept' : 'ignore';
  return PROOF_DROPS[verdict.refusal.code] ?? 'malformed';
}

const readUse = (grant: Uint8Array, use: Uint8Array) =>
  read(() => ({ grant: parseSignedGrant(grant, GOSSIP), use: parseSignedGrantUse(use, GOSSIP) }));

function read<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
