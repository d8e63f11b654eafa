import { fromBinary } from '@bufbuild/protobuf';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import type { SignerCommitment } from '../../threshold/suite.ts';
import { type OpenedEnvelope, openEnvelope } from '../../wire/envelope.ts';
import {
  type Envelope,
  EnvelopeSchema,
  SigningCommitmentsSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';

/** One thing that was recomputed, and whether it came out as the transcript says. */
export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

/** Collects checks; the first one that fails ends the verification, because what follows would rest on it. */
export class Checks {
  readonly done: Check[] = [];
  /** What the transcript says and nothing in it proves: said by whoever exported it. */
  readonly claims: string[] = [];

  /** Runs `work`, which returns what was found in a few words, or throws. */
  run<T>(name: string, work: () => readonly [T, string]): T {
    try {
      const [value, detail] = work();
      this.done.push({ name, ok: true, detail });
      return value;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.done.push({ name, ok: false, detail });
      throw new FirebreakFailure('policy.evidence', `${name}: ${detail}`, { check: name }, { cause: error });
    }
  }
}

/** What a check throws when it fails; the sentence is its detail. */
export function require(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new FirebreakFailure('policy.evidence', sentence);
}

export const envelopesFrom = (hexes: readonly string[]): Envelope[] =>
  hexes.map((hex) => fromBinary(EnvelopeSchema, fromHex(hex, 'envelope')));

/** Opens statements of distinct validators, ascending; anything unsigned, stale or repeated is refused. */
export function openAll(
  genesis: NetworkGenesis,
  envelopes: readonly Envelope[],
  expected: Parameters<typeof openEnvelope>[2],
): ReadonlyMap<ValidatorId, OpenedEnvelope> {
  const opened = new Map<ValidatorId, OpenedEnvelope>();
  for (const envelope of envelopes) {
    const one = openEnvelope(genesis, envelope, expected);
    if (!one.ok) throw new FirebreakFailure(one.refusal.code, one.refusal.message);
    require(!opened.has(one.value.from), `validator ${one.value.from} appears twice`);
    opened.set(one.value.from, one.value);
  }
  return new Map([...opened].sort(([a], [b]) => a - b));
}

/** The same, from exactly these validators. */
export function openFromAll(
  genesis: NetworkGenesis,
  participants: readonly ValidatorId[],
  envelopes: readonly Envelope[],
  expected: Parameters<typeof openEnvelope>[2],
) {
  const opened = openAll(genesis, envelopes, expected);
  const made = participants.filter((validator) => opened.has(validator));
  require(made.length ===
    participants.length, `${made.length} of ${participants.length} participants made the statement`);
  require(opened.size === made.length, 'a validator that takes no part made the statement');
  return opened;
}

/** What each signer committed to for one input. */
export const commitmentsFor = (opened: ReadonlyMap<ValidatorId, OpenedEnvelope>, input: number): SignerCommitment[] =>
  [...opened].map(([validator, { payload }]) => {
    const pair = fromBinary(SigningCommitmentsSchema, payload).commitments[input];
    require(pair !== undefined, `validator ${validator} committed to fewer inputs`);
    return { validator, nonces: { hiding: pair.hiding, binding: pair.binding } };
  });

export const same = (bytes: Uint8Array, hex: string): boolean => toHex(bytes) === hex;
