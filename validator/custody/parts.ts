import type { Authority } from '../../domain/committee/committee.ts';
import type { Verdict } from '../../domain/errors/failure.ts';
import type { Envelope } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentDependencies } from './dependencies.ts';
import type { Keyring } from './keyring.ts';

/** What every part of the agent is built from. */
export type AgentParts = AgentDependencies & {
  readonly keyring: Keyring;
  /** The committee that this validator obeys now: the pinned one, or where the chain of signed epochs has led. */
  authority(): Authority;
};

/** A signed statement, or why there is none. Failures of journal, signer and chain are thrown. */
export type Answer = Verdict<Envelope>;

/** An answer whose bytes were journalled: it leaves as it was stored. */
export type StoredAnswer = Verdict<Uint8Array>;
