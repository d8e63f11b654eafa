import { randomBytes } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Digest } from '../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import type { Speaker } from '../../domain/network/sighting.ts';
import type { SpeakerSchema, ValidatorStatus } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { Decisions, Journal, Start } from './journal/journal.ts';

export const INSTANCE_BYTES = 16;

/** This process among all that ever opened its journal. */
export type OwnSpeaker = {
  readonly instance: string;
  readonly startedAtMs: number;
  /** What the next statement says about who speaks; each call is one statement. Decisions are the last that could be read. */
  next(): MessageInitShape<typeof SpeakerSchema>;
};

/** Begins a life of this validator: draws its name and notes it in the journal. */
export function beginSpeaking(journal: Pick<Journal, 'starts' | 'decisions'>, startedAtMs: number): OwnSpeaker {
  const instance = toHex(new Uint8Array(randomBytes(INSTANCE_BYTES)));
  const start: Start = journal.starts.begin(instance, startedAtMs);
  let sequence = 0n;
  let decisions: Decisions = journal.decisions.now();
  return {
    instance,
    startedAtMs,
    next() {
      decisions = readable(journal) ?? decisions;
      sequence += 1n;
      return {
        instance: fromHex(instance, 'instance', INSTANCE_BYTES),
        journal: fromHex(start.journal, 'journal', INSTANCE_BYTES),
        start: BigInt(start.number),
        startedAtMs: BigInt(startedAtMs),
        sequence,
        decisions: BigInt(decisions.count),
        decisionsHead: fromHex(decisions.head, 'decisions head', 32),
      };
    },
  };
}

/** A validator whose journal failed must still be able to say so; what halts it is noticed elsewhere. */
function readable(journal: Pick<Journal, 'decisions'>): Decisions | undefined {
  try {
    return journal.decisions.now();
  } catch {
    return undefined;
  }
}

/** Who spoke, as the statement says; undefined when it says nothing usable, as builds before this field did. */
export function speakerOf({ speaker, atMs }: ValidatorStatus): Speaker | undefined {
  if (speaker === undefined) return undefined;
  const { instance, journal, startedAtMs, sequence, decisions, decisionsHead } = speaker;
  if (instance.length !== INSTANCE_BYTES || journal.length !== INSTANCE_BYTES || decisionsHead.length !== 32)
    return undefined;
  return {
    instance: toHex(instance),
    journal: toHex(journal),
    startedAtMs: Number(startedAtMs),
    atMs: Number(atMs),
    sequence: Number(sequence),
    decisions: Number(decisions),
    decisionsHead: toHex(decisionsHead) as Digest,
  };
}
