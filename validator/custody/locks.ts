import { fromBinary } from '@bufbuild/protobuf';
import { signingRequestDigest } from '../../domain/ceremony/digests.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { outpointText } from '../../domain/vault/terms.ts';
import { MESSAGE_BYTES_MAX } from '../../wire/envelope.ts';
import {
  type Envelope,
  LocksHeldSchema,
  Round,
  SigningRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { CommitmentsAsked } from './commitments.ts';
import type { Claim } from './journal/journal.ts';
import { judgeFreeze } from './policy/rules.ts';
import { isSweep, judgeProposal } from './policy/request.ts';
import type { AgentParts } from './parts.ts';
import { conflictRefusal } from './signing-conflict.ts';
import { ABOUT_NOTHING, decode, say } from './statements.ts';

/** An output that is spent this deep is not told to whoever asks: a chain that takes it back freezes payouts first. */
export const TOLD_DEPTH = 144;
/** Two weeks of blocks. From there on a journal forgets what it signed about it. */
export const BURIED_DEPTH = 2_016;
/** Proposals looked at for each one that is new: the journal shrinks faster than it grows. */
const LOOKED_AT_A_TIME = 4;
const PAGE_ROWS_MAX = 1_000;
/** One always fits into a page. */
export const PROPOSAL_BYTES_MAX: number = MESSAGE_BYTES_MAX / 2;
const PAGE_BYTES_MAX = PROPOSAL_BYTES_MAX;

export type Locks = {
  /** Judges what is to be signed and locks its outputs; the value is the id of the transaction. On disk when it returns. */
  lock(asked: CommitmentsAsked): Verdict<string>;
  /** Signed: what outputs are locked here for, and on whose word. */
  say(after: string): Envelope;
  /** Keeps what another validator says that it has locked; false when it says more than anybody honest holds. */
  hear(from: ValidatorId, proposals: readonly Uint8Array[]): boolean;
};

export function createLocks(parts: AgentParts): Locks {
  const { journal, codec, clock, genesis, chain } = parts;
  let looked = '';

  const spentDepth = (outpoint: string): number => {
    const [txid = '', vout = ''] = outpoint.split(':');
    return chain.output({ txid, vout: Number(vout) }).output?.spentBy?.confirmations ?? 0;
  };
  const isBuried = (outpoints: readonly string[], depth: number): boolean =>
    outpoints.every((outpoint) => spentDepth(outpoint) >= depth);

  function forgetBuried(): void {
    const page = journal.proposals.page(looked, LOOKED_AT_A_TIME);
    looked = page.length < LOOKED_AT_A_TIME ? '' : (page.at(-1)?.txid ?? '');
    journal.proposals.forget(page.filter(({ outpoints }) => isBuried(outpoints, BURIED_DEPTH)).map(({ txid }) => txid));
  }

  return {
    lock({ ceremony, keyset, count, proposal }) {
      if (proposal.length > PROPOSAL_BYTES_MAX)
        return refuse('input.request-malformed', `a proposal has at most ${PROPOSAL_BYTES_MAX} bytes`);
      const request = decode(SigningRequestSchema, proposal);
      if (request === undefined || request.commitments.length > 0 || request.inputs.length !== count)
        return refuse('input.request-malformed', `the proposal is no signing request of ${count} inputs`);
      if (request.ceremony !== ceremony || request.keyset !== keyset)
        return refuse('input.request-malformed', 'the proposal is about another ceremony or key');
      const frozen = isSweep(request) ? undefined : judgeFreeze(journal.orders.standing(), Math.floor(clock() / 1_000));
      if (frozen !== undefined) return { ok: false, refusal: frozen };
      const agreed = judgeProposal(parts, request);
      if (!agreed.ok) return agreed;
      const { spend } = agreed.value;
      const against = journal.releases.lock({
        ceremony,
        proposal,
        proposalDigest: signingRequestDigest(proposal),
        spend,
        atMs: clock(),
      });
      if (against !== undefined) return conflictRefusal(against);
      forgetBuried();
      return accept(spend.txid);
    },
    say(after) {
      const rows = journal.proposals.page(after, PAGE_ROWS_MAX);
      const told: Uint8Array[] = [];
      let bytes = 0;
      let last = after;
      for (const { txid, outpoints, proposal } of rows) {
        if (bytes + proposal.length > PAGE_BYTES_MAX) break;
        last = txid;
        if (proposal.length === 0 || isBuried(outpoints, TOLD_DEPTH)) continue;
        told.push(proposal);
        bytes += proposal.length;
      }
      const isLast = last === (rows.at(-1)?.txid ?? after) && rows.length < PAGE_ROWS_MAX;
      return say(parts, Round.LOCKS, ABOUT_NOTHING, LocksHeldSchema, { proposals: told, next: isLast ? '' : last });
    },
    hear: (from, proposals) =>
      journal.claims.take(
        proposals.flatMap((proposal) => claimIn(proposal, from) ?? []),
        clock(),
      ),
  };

  /** What cannot be about coins of this network, and what is remembered here already, is nothing new. */
  function claimIn(proposal: Uint8Array, validator: ValidatorId): Claim | undefined {
    try {
      const request = fromBinary(SigningRequestSchema, proposal);
      if (request.environment !== genesis.environment || request.network !== genesis.name) return undefined;
      const { txid, inputs } = codec.readTransaction(request.transaction);
      if (inputs.length === 0 || journal.proposals.get(txid) !== undefined) return undefined;
      return { txid, outpoints: inputs.map(outpointText), validator, proposal };
    } catch {
      return undefined;
    }
  }
}
