import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Digest, sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { judgePair, type Speaker } from '../../domain/network/sighting.ts';
import { type OpenedEnvelope, openEnvelope } from '../../wire/envelope.ts';
import {
  type Envelope,
  EnvelopeSchema,
  Round,
  type ValidatorStatus,
  ValidatorStatusSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { HeardStatus, SightingReport } from './agent.ts';
import type { AgentDependencies } from './dependencies.ts';
import { type OwnSpeaker, speakerOf } from './speaker.ts';
import { decode } from './statements.ts';

/** So long after it was last seen a second process counts as gone; peers ask again every few seconds. */
export const SIGHTING_MS = 60_000;
/** How long a sighting is told, and how far a clock may be off. */
const TOLD_MS = 86_400_000;
const AGE_MS_MAX = 600_000;
/** Processes of one identity that are told apart, and statements of one process that are kept while they fit. */
const VOICES_KEPT = 4;
const STATEMENTS_KEPT = 8;
/** An honest one has the order and the grant that froze payouts (64 and 256 KiB at most), and some kilobytes. Two of them fit into one message. */
export const STATEMENT_BYTES_MAX = 393_216;
/** Of one sighting: more tell nobody more. */
const INSTANCES_MAX = 16;
/** More than the journal keeps of a roster. */
const JOURNALLED_MAX = 1_000;

type Statement = { readonly speaker: Speaker; readonly envelope: Envelope; readonly digest: Digest };
/** One process of an identity: its last statements, the newest last, and when it was last heard among all. */
type Voice = { readonly statements: readonly Statement[]; readonly turn: number };
/** When a process was first heard, or heard again after it was forgotten. */
type NewName = { readonly instance: string; readonly atMs: number };
type Seen = {
  readonly validator: ValidatorId;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly instances: ReadonlySet<string>;
  readonly forked: boolean;
  readonly proof: readonly [Envelope, Envelope];
};

/**
 * Notices a host identity that speaks from two processes. Only statements that the accused signed itself are looked at, so nobody can
 * be framed by what others say of it; a process counts as running when it says something new after the other one was heard (A, B, A),
 * so old statements that somebody kept back prove nothing. Proofs are kept in the journal.
 */
export class Sightings {
  readonly #parts: Pick<AgentDependencies, 'genesis' | 'self' | 'clock' | 'journal' | 'logger'>;
  readonly #own: OwnSpeaker;
  readonly #voices = new Map<ValidatorId, Map<string, Voice>>();
  readonly #names = new Map<ValidatorId, readonly NewName[]>();
  readonly #seen = new Map<ValidatorId, Seen>();
  readonly #counts = new Map<ValidatorId, number>();
  #turn = 0;
  #twinUntilMs = 0;

  constructor(parts: Pick<AgentDependencies, 'genesis' | 'self' | 'clock' | 'journal' | 'logger'>, own: OwnSpeaker) {
    this.#parts = parts;
    this.#own = own;
    this.#remember();
  }

  /** A status whose signature was checked, from wherever it came. */
  hear(opened: Pick<OpenedEnvelope, 'from' | 'envelope'>, status: ValidatorStatus): void {
    const speaker = speakerOf(status);
    const nowMs = this.#parts.clock();
    const { from, envelope } = opened;
    if (speaker === undefined || envelope.payload.length > STATEMENT_BYTES_MAX) return;
    if (Math.abs(nowMs - speaker.atMs) > AGE_MS_MAX) return;
    const statement = { speaker, envelope, digest: sha256Hex(envelope.payload) };
    const voices = this.#voicesOf(from);
    const before = voices.get(speaker.instance);
    const known = before?.statements.find(({ speaker: { sequence } }) => sequence === speaker.sequence);
    if (known !== undefined) {
      if (known.digest !== statement.digest) this.#saw(from, known, statement);
      return;
    }
    if (speaker.sequence <= (before?.statements.at(-1)?.speaker.sequence ?? 0)) return;
    if (from === this.#parts.self) this.#hearOwn(speaker, nowMs);
    this.#turn += 1;
    const isCrowd = before === undefined && this.#namesLately(from, speaker.instance, nowMs) > VOICES_KEPT;
    for (const [other, voice] of voices) {
      const latest = voice.statements.at(-1);
      if (other === speaker.instance || latest === undefined) continue;
      const spokeBetween = before !== undefined && voice.turn > before.turn;
      if ((spokeBetween || isCrowd) && judgePair(latest.speaker, speaker) !== 'one') this.#saw(from, latest, statement);
    }
    const statements = fitting([...(before?.statements ?? []), statement].slice(-STATEMENTS_KEPT));
    voices.set(speaker.instance, { statements, turn: this.#turn });
    if (voices.size > VOICES_KEPT) voices.delete(leastHeard(voices, speaker.instance));
  }

  /** How many names the identity took within the last minute, this one included: so many restarts are no restarts any more. */
  #namesLately(validator: ValidatorId, instance: string, nowMs: number): number {
    const lately = (this.#names.get(validator) ?? []).filter(
      (name) => name.instance !== instance && nowMs - name.atMs <= SIGHTING_MS,
    );
    const names = [...lately, { instance, atMs: nowMs }].slice(-VOICES_KEPT - 1);
    this.#names.set(validator, names);
    return names.length;
  }

  /** Why this validator must not take part: another process speaks with its identity, and it cannot know which of them is the thief. */
  twin(): string | undefined {
    const leftMs = this.#twinUntilMs - this.#parts.clock();
    // A clock that was set back meanwhile does not make it longer: a twin that still runs is heard again within seconds.
    return leftMs > 0 && leftMs <= SIGHTING_MS
      ? 'not-yet.identity-twice: another process speaks with the identity of this validator'
      : undefined;
  }

  /** What was seen in the last day, by validator. */
  reports(): readonly SightingReport[] {
    const oldest = this.#parts.clock() - TOLD_MS;
    return [...this.#seen.values()]
      .filter(({ lastAtMs }) => lastAtMs >= oldest)
      .sort((one, other) => one.validator - other.validator)
      .map(({ validator, firstAtMs, lastAtMs, instances, forked, proof }) => ({
        validator,
        addresses: instances.size,
        journals: forked ? 2 : 1,
        firstAtMs,
        lastAtMs,
        isNow: this.#parts.clock() - lastAtMs <= SIGHTING_MS,
        times: this.#counts.get(validator) ?? 0,
        proof,
      }));
  }

  /** The own identity from another instance, later than this process began: a predecessor cannot have said that. */
  #hearOwn({ instance, atMs }: Speaker, nowMs: number): void {
    if (instance === this.#own.instance || atMs <= this.#own.startedAtMs) return;
    if (this.twin() === undefined)
      this.#parts.logger.error(
        { instance, code: 'not-yet.identity-twice' },
        'another process speaks with our identity',
      );
    this.#twinUntilMs = nowMs + SIGHTING_MS;
  }

  #saw(validator: ValidatorId, one: Statement, other: Statement): void {
    const { clock, self, logger } = this.#parts;
    const nowMs = clock();
    const forked = judgePair(one.speaker, other.speaker) === 'forked';
    const last = this.#seen.get(validator);
    const goesOn = last !== undefined && nowMs - last.lastAtMs <= SIGHTING_MS;
    const isNews = !goesOn || (forked && !last.forked);
    if (validator === self) this.#twinUntilMs = nowMs + SIGHTING_MS;
    this.#seen.set(validator, {
      validator,
      firstAtMs: goesOn ? last.firstAtMs : nowMs,
      lastAtMs: nowMs,
      // Two processes with one memory have one name.
      instances: firstOf([
        ...(goesOn ? last.instances : []),
        one.speaker.instance,
        one.speaker.instance === other.speaker.instance ? `${other.speaker.instance}, again` : other.speaker.instance,
      ]),
      forked: forked || (goesOn && last.forked),
      proof: isNews ? [one.envelope, other.envelope] : last.proof,
    });
    if (!isNews) return;
    if (!goesOn) this.#counts.set(validator, (this.#counts.get(validator) ?? 0) + 1);
    logger.warn({ validator: validatorName(validator), forked }, 'one host identity speaks from two processes');
    this.#keep(validator, forked, one.envelope, other.envelope, nowMs);
  }

  /** What the journal cannot take stands in the log; whoever asks meanwhile gets it from memory. */
  #keep(validator: ValidatorId, forked: boolean, one: Envelope, other: Envelope, atMs: number): void {
    try {
      const [statement, second] = [toBinary(EnvelopeSchema, one), toBinary(EnvelopeSchema, other)];
      this.#parts.journal.sightings.record({ validator, forked, statement, other: second, atMs });
    } catch (error) {
      if (!(error instanceof FirebreakFailure)) throw error;
      this.#parts.logger.error({ err: error, code: error.code }, 'a sighting could not be kept');
    }
  }

  /** What was seen before this process began is told on, with its proof. */
  #remember(): void {
    for (const { validator, forked, statement, other, atMs } of this.#parts.journal.sightings.latest(JOURNALLED_MAX)) {
      if (this.#seen.has(validator)) continue;
      const proof = [fromBinary(EnvelopeSchema, statement), fromBinary(EnvelopeSchema, other)] as const;
      const instances = new Set(proof.map((envelope, at) => instanceIn(this.#parts.genesis, envelope) ?? String(at)));
      this.#seen.set(validator, { validator, firstAtMs: atMs, lastAtMs: atMs, instances, forked, proof });
    }
  }

  #voicesOf(validator: ValidatorId): Map<string, Voice> {
    const known = this.#voices.get(validator) ?? new Map<string, Voice>();
    this.#voices.set(validator, known);
    return known;
  }
}

const firstOf = (instances: readonly string[]): ReadonlySet<string> =>
  new Set([...new Set(instances)].slice(0, INSTANCES_MAX));

/** The newest statements of one process that fit together into the room of one. */
function fitting(statements: readonly Statement[]): readonly Statement[] {
  let bytes = 0;
  return statements
    .toReversed()
    .filter(({ envelope }) => (bytes += envelope.payload.length) <= STATEMENT_BYTES_MAX)
    .toReversed();
}

/** Names are free, and words of one name take time: of all but `speaking` the one that said least goes, and of those the one silent longest. */
function leastHeard(voices: ReadonlyMap<string, Voice>, speaking: string): string {
  const [least] = [...voices]
    .filter(([instance]) => instance !== speaking)
    .sort(([, one], [, other]) => one.statements.length - other.statements.length || one.turn - other.turn);
  return least?.[0] ?? speaking;
}

const instanceIn = (genesis: NetworkGenesis, envelope: Envelope): string | undefined => {
  const status = readStatus(genesis, envelope)?.status;
  return status === undefined ? undefined : speakerOf(status)?.instance;
};

function readStatus(
  genesis: NetworkGenesis,
  envelope: Envelope,
): { readonly opened: OpenedEnvelope; readonly status: ValidatorStatus } | undefined {
  const opened = openEnvelope(genesis, envelope, { round: Round.STATUS });
  const status = opened.ok ? decode(ValidatorStatusSchema, opened.value.payload) : undefined;
  return opened.ok && status !== undefined ? { opened: opened.value, status } : undefined;
}

/** Checks and hears a status that did not come by gossip; undefined when it is no signed status of the roster. */
export function hearStatus(genesis: NetworkGenesis, sightings: Sightings, envelope: Envelope): HeardStatus | undefined {
  const said = readStatus(genesis, envelope);
  if (said === undefined) return undefined;
  sightings.hear(said.opened, said.status);
  return { from: said.opened.from, instance: speakerOf(said.status)?.instance };
}
