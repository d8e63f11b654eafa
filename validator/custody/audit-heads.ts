import { setImmediate } from 'node:timers/promises';
import { type Frontier, grown, rootOf } from '../../domain/audit/merkle.ts';
import { RECORDS_MAX } from '../../domain/audit/record.ts';
import { type Digest, sha256Hex } from '../../domain/encoding/digest.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import {
  AuditHeadSchema,
  type Envelope,
  Round,
  type SignAuditHead,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentDependencies } from './dependencies.ts';
import { BoundedMap } from './memory.ts';
import { ABOUT_NOTHING, say } from './statements.ts';

/** Names are `<workflow>/<execution>`; longer ones are somebody's attempt to fill the journal. */
const INCIDENT_CHARACTERS_MAX = 400;
/** Ten years of five incidents a day. Nothing is forgotten to make room: what is forgotten could be signed otherwise. */
export const INCIDENTS_MAX = 20_000;
/** New ones that one coordinator brings in 24 hours: one that makes names up needs a hundred days to use up all of them, and is refused meanwhile. */
export const NEW_INCIDENTS_PER_DAY = 200;
const DAY_MS = 86_400_000;
const DIGEST_BYTES = 32;
/** Records that are hashed before everything else has its turn: some milliseconds. */
const HASHED_AT_ONCE = 256;
/** Incidents whose last walk is remembered, so that only what is new is hashed; any other one is walked from its beginning. */
const WALKS_KEPT = 64;

export type AuditHeads = {
  /** One at a time. `coordinator`: the host identity that asks. */
  sign(asked: SignAuditHead, coordinator: string): Promise<Verdict<Envelope>>;
};
/** What a head over `count` records was computed from: SHA-256 of the records one after the other, and their tree. */
type Walk = { readonly count: number; readonly records: Digest; readonly frontier: Frontier };

/**
 * Witness of the evidence of incidents. Signs a head only over digests that it hashed itself, and only if what it signed before of the
 * same incident is the beginning of them: nobody gets its signature under two histories. Whether a record is true it cannot know.
 */
export function createAuditHeads(
  parts: Pick<AgentDependencies, 'genesis' | 'self' | 'identity' | 'journal' | 'clock'>,
): AuditHeads {
  const { journal, clock } = parts;
  const walks = new BoundedMap<string, Walk>(WALKS_KEPT);
  const quotas = new Map<string, readonly number[]>();

  /** When this coordinator brought new incidents, in the last 24 hours. */
  const broughtBy = (coordinator: string): readonly number[] =>
    (quotas.get(coordinator) ?? []).filter((atMs) => Math.abs(clock() - atMs) < DAY_MS);

  function judgeNew(coordinator: string): Verdict<undefined> {
    if (journal.auditHeads.count() >= INCIDENTS_MAX)
      return refuse('policy.audit-heads-full', `heads of ${INCIDENTS_MAX} incidents are kept here`);
    if (broughtBy(coordinator).length < NEW_INCIDENTS_PER_DAY) return accept(undefined);
    return refuse(
      'policy.audit-heads-quota',
      `this coordinator brought ${NEW_INCIDENTS_PER_DAY} new incidents in the last 24 hours`,
    );
  }

  return {
    async sign({ head, records }, coordinator) {
      if (head === undefined) return malformed('no head');
      const { incident } = head;
      if (incident.length === 0 || incident.length > INCIDENT_CHARACTERS_MAX)
        return malformed('no name of an incident');
      if (records.length === 0 || records.length > RECORDS_MAX) return malformed(`${records.length} records`);
      if (records.some(({ length }) => length !== DIGEST_BYTES)) return malformed('a digest of another length');
      const kept = journal.auditHeads.of(incident);
      const before = kept.at(-1);
      const mayBegin = before === undefined ? judgeNew(coordinator) : accept(undefined);
      if (!mayBegin.ok) return mayBegin;
      const counts = kept.map(({ count }) => count);
      const walked = await walk(records, counts, walks.get(incident));
      const last = records.at(-1) ?? new Uint8Array(0);
      if (
        head.count !== BigInt(records.length) ||
        toHex(head.head) !== toHex(last) ||
        toHex(head.root) !== walked.root
      ) {
        return malformed('a head that does not follow from its records');
      }
      if (before !== undefined && records.length < before.count) {
        return refuse('conflict.audit-head-older', `${before.count} records of this incident are signed already`, {
          count: before.count,
        });
      }
      const fork = kept.find(({ count, root }) => walked.rootsBefore.get(count) !== root);
      if (fork !== undefined) {
        return refuse('conflict.audit-head-fork', `other records were signed as the first ${fork.count}`, {
          count: fork.count,
        });
      }
      if (before?.count !== records.length) {
        journal.auditHeads.append(incident, { count: records.length, root: walked.root }, clock());
      }
      if (before === undefined) quotas.set(coordinator, [...broughtBy(coordinator), clock()]);
      walks.set(incident, { count: records.length, records: hashOf(records), frontier: walked.frontier });
      return accept(say(parts, Round.AUDIT_HEAD, ABOUT_NOTHING, AuditHeadSchema, head));
    },
  };
}

type Walked = {
  readonly root: Digest;
  readonly frontier: Frontier;
  /** Over the first so many records. */
  readonly rootsBefore: ReadonlyMap<number, Digest | undefined>;
};

/**
 * The root over all records, and those over the first `counts` of them. Goes on from `known` where the records begin with the same ones
 * and it is about the only count asked for.
 */
async function walk(
  records: readonly Uint8Array[],
  counts: readonly number[],
  known: Walk | undefined,
): Promise<Walked> {
  const [count = 0] = counts;
  const goesOn = counts.length < 2 && known?.count === count && hashOf(records.slice(0, count)) === known.records;
  const begin = goesOn ? count : 0;
  let frontier: Frontier = goesOn ? known.frontier : [];
  const rootsBefore = new Map<number, Digest | undefined>(goesOn ? [[count, rootOf(frontier)]] : []);
  for (const [offset, record] of records.slice(begin).entries()) {
    const at = begin + offset;
    frontier = grown(frontier, at, toHex(record) as Digest);
    if (counts.includes(at + 1)) rootsBefore.set(at + 1, rootOf(frontier));
    if ((offset + 1) % HASHED_AT_ONCE === 0) await setImmediate();
  }
  return { root: rootOf(frontier) as Digest, frontier, rootsBefore };
}

const hashOf = (records: readonly Uint8Array[]): Digest => sha256Hex(new Uint8Array(Buffer.concat(records)));

const malformed = (what: string) => refuse('input.request-malformed', `the request to sign a head has ${what}`);
