import { fromBinary } from '@bufbuild/protobuf';
import type { KeyCertificate } from '../../../domain/ceremony/ceremony.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { Answer } from '../../../domain/ports/validator-network.ts';
import { vaultTweakOf } from '../../../threshold/verify/vault-script.ts';
import { verifyingSuite } from '../../../threshold/verify/suite.ts';
import { readReply, type RequestBody, requestOf } from '../../../validator/custody/testkit/agents.ts';
import { newCeremony, sharesOf, signersOf } from '../../../validator/custody/testkit/ceremonies.ts';
import {
  askedFor,
  depositTo,
  openVault,
  type PlannedRequest,
  planPayout,
  requestBytes,
  type TestVault,
} from '../../../validator/custody/testkit/payouts.ts';
import { type Envelope, SigningRequestSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { codec, type LinkedFleet } from './linked-fleet.ts';

const AMOUNT_SATS = 100_000;
const SESSIONS_MAX = 6;
const ROUND_MS = 60_000;

export type Payment = {
  /** Undefined: nobody signed. */
  readonly signature: Uint8Array | undefined;
  readonly sessions: number;
  /** Whoever committed in the last session. */
  readonly signers: readonly ValidatorId[];
  readonly culprits: readonly ValidatorId[];
  readonly refusals: readonly string[];
  readonly tookMs: number;
};

/** Payouts of one vault, as a coordinator of a few lines asks for them over the network: whoever spoils a session is not in the next one. */
export class Paying {
  readonly #linked: LinkedFleet;
  readonly #vault: TestVault;

  private constructor(linked: LinkedFleet, vault: TestVault) {
    this.#linked = linked;
    this.#vault = vault;
  }

  static async open(linked: LinkedFleet, certificate: KeyCertificate): Promise<Paying> {
    return new Paying(linked, await openVault(linked.fleet, certificate));
  }

  plan(): PlannedRequest {
    const outpoint = depositTo(this.#linked.fleet, this.#vault, AMOUNT_SATS);
    return planPayout(this.#linked.fleet, codec, this.#vault, {
      outpoints: [outpoint],
      amountSats: AMOUNT_SATS,
      feeSats: 500,
    });
  }

  /** `first`: whom to take as signers before others, for which all answers are waited for. `roundMs`: how long for those that say nothing. */
  async pay(plan = this.plan(), first: readonly number[] = [], roundMs = ROUND_MS): Promise<Payment> {
    const startedMs = performance.now();
    const out = new Set<ValidatorId>();
    const culprits: ValidatorId[] = [];
    const refusals: string[] = [];
    const ended = (signature: Uint8Array | undefined, sessions: number, signers: readonly ValidatorId[]): Payment => ({
      signature,
      sessions,
      signers,
      culprits,
      refusals,
      tookMs: Math.round(performance.now() - startedMs),
    });
    const { threshold } = this.#linked.fleet.genesis;
    for (let session = 1; session <= SESSIONS_MAX; session += 1) {
      const ceremony: string = session === 1 ? plan.ceremony : newCeremony('signing');
      const free = this.#linked.ids.filter((id) => !out.has(id));
      const asked = { case: 'giveCommitments', value: askedFor(plan, { ceremony }) } as const;
      const given = await this.#ask(free, asked, refusals, first.length > 0 ? free.length : threshold, roundMs);
      const chosen = [...given]
        .sort(([one], [other]) => rank(first, one) - rank(first, other) || one - other)
        .slice(0, threshold);
      const signers = chosen.map(([id]) => id);
      if (chosen.length < threshold) return ended(undefined, session, signers);
      const request = requestBytes(plan, inOrder(chosen), { ceremony });
      const partials = await this.#ask(
        signers,
        { case: 'givePartials', value: { request } },
        refusals,
        threshold,
        roundMs,
      );
      for (const id of signers) if (!partials.has(id)) out.add(id);
      if (partials.size < threshold) continue;
      try {
        return ended(this.#aggregate(request, partials), session, signers);
      } catch (error) {
        if (!(error instanceof FirebreakFailure) || error.code !== 'signer-fault.partial') throw error;
        const named = (error.details['culprits'] ?? []) as readonly ValidatorId[];
        for (const id of named) out.add(id);
        culprits.push(...named);
      }
    }
    return ended(undefined, SESSIONS_MAX, []);
  }

  #aggregate(requestBytesOf: Uint8Array, partials: ReadonlyMap<ValidatorId, Envelope>): Uint8Array {
    const request = fromBinary(SigningRequestSchema, requestBytesOf);
    const prevouts = request.inputs.map(({ prevout }) => ({
      script: Buffer.from(prevout?.script ?? new Uint8Array()).toString('hex'),
      amountSats: Number(prevout?.amountSats ?? 0n),
    }));
    const [message] = codec.sighashes(request.transaction, prevouts);
    if (message === undefined) throw new Error('a payout without inputs');
    return verifyingSuite.aggregate(
      this.#vault.certificate.package,
      vaultTweakOf(this.#vault.signedTerms.terms),
      signersOf(request.commitments, 0),
      message,
      sharesOf(inOrder([...partials]), 0),
    );
  }

  /** Ends when so many have answered with a statement, or everybody has answered, or the time is over. */
  async #ask(
    ids: readonly ValidatorId[],
    body: RequestBody,
    refusals: string[],
    enough: number,
    roundMs: number,
  ): Promise<Map<ValidatorId, Envelope>> {
    const request = requestOf(this.#linked.fleet.genesis, body);
    const statements = new Map<ValidatorId, Envelope>();
    const done = new AbortController();
    const take = (answer: Answer): void => {
      if (!answer.ok) return;
      const reply = readReply(answer.response);
      if (reply.ok) statements.set(answer.validator, reply.envelope);
      else refusals.push(`${answer.validator}: ${reply.code}`);
      if (statements.size >= enough) done.abort();
    };
    const context = { idempotencyKey: 'test', signal: done.signal, deadlineMs: Date.now() + roundMs };
    const asking = new Map(ids.map((id) => [id, request] as const));
    try {
      await this.#linked.coordinator.askMany(asking, context, { onAnswer: take });
    } catch (error) {
      if (!done.signal.aborted) throw error;
    }
    return statements;
  }
}

const rank = (first: readonly number[], id: number): number => (first.includes(id) ? 0 : 1);
const inOrder = (of: readonly (readonly [ValidatorId, Envelope])[]): Envelope[] =>
  of.toSorted(([one], [other]) => one - other).map(([, envelope]) => envelope);
