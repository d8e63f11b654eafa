import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { signingRequestDigest } from '../../domain/ceremony/digests.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { outpointText } from '../../domain/vault/terms.ts';
import { RELEASE_OUTPOINTS_MAX } from '../../domain/vault/verify-release.ts';
import { MESSAGE_BYTES_MAX } from '../../wire/envelope.ts';
import {
  type Envelope,
  LocksHeldSchema,
  Round,
  type SigningRequest,
  SigningRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { CommitmentsAsked } from './commitments.ts';
import type { ClaimMade } from './journal/journal.ts';
import { RateLimit } from './p2p/rate-limit.ts';
import { judgeFreeze } from './policy/rules.ts';
import { isSweep, judgeProposal } from './policy/request.ts';
import type { AgentParts } from './parts.ts';
import { conflictRefusal } from './signing-conflict.ts';
import { ABOUT_NOTHING, say } from './statements.ts';

/** An output that is spent this deep is not told to whoever asks: a chain that takes it back freezes payouts first. */
export const TOLD_DEPTH = 144;
/** Two weeks of blocks. From there on a journal forgets what it signed about it. */
export const BURIED_DEPTH = 2_016;
/** Longer than any window of an outflow cap: what is forgotten must not make room. */
export const REMEMBERED_MS: number = 32 * 86_400_000;
/** Proposals looked at for each one that is new: the journal shrinks faster than it grows. */
const LOOKED_AT_A_TIME = 4;
/** Votes of large keys are the most of it. */
export const PROPOSAL_BYTES_MAX = 262_144;
const PAGE_BYTES_MAX: number = MESSAGE_BYTES_MAX / 2;
const PAGE_ROWS_MAX = 500;
const ROWS_AT_A_TIME = 25;
/** Of one peer in a minute: a start asks for a page or two, and each costs this validator a look at its chain. */
const PAGES_PER_MINUTE_MAX = 240;

export type Locks = {
  /** Judges what is to be signed and locks its outputs; the value is the id of the transaction. On disk when it returns. */
  lock(asked: CommitmentsAsked): Verdict<string>;
  /** Signed: what outputs are locked here for, and on whose word. Refuses who asks for more pages than a start needs. */
  say(after: string, peer: string): Verdict<Envelope>;
  /** Keeps what another validator says that it has locked; false when it says more than anybody honest holds. */
  hear(from: ValidatorId, proposals: readonly Uint8Array[], isFirst: boolean): boolean;
};

export function createLocks(parts: AgentParts): Locks {
  const { journal, codec, clock, genesis, chain } = parts;
  let looked = '';
  const pages = new RateLimit({ burst: PAGES_PER_MINUTE_MAX, perSecond: PAGES_PER_MINUTE_MAX / 60 }, clock);

  const spentDepth = (outpoint: string): number => {
    const [txid = '', vout = ''] = outpoint.split(':');
    return chain.output({ txid, vout: Number(vout) }).output?.spentBy?.confirmations ?? 0;
  };
  const isBuried = (outpoints: readonly string[], depth: number): boolean =>
    outpoints.every((outpoint) => spentDepth(outpoint) >= depth);

  function forgetBuried(): void {
    const page = journal.proposals.page(looked, LOOKED_AT_A_TIME);
    looked = page.length < LOOKED_AT_A_TIME ? '' : (page.at(-1)?.txid ?? '');
    const buried = page.filter(({ outpoints }) => isBuried(outpoints, BURIED_DEPTH)).map(({ txid }) => txid);
    journal.proposals.forget(buried, clock() - REMEMBERED_MS);
  }

  return {
    lock({ ceremony, keyset, count, proposal }) {
      if (proposal.length > PROPOSAL_BYTES_MAX)
        return refuse('input.request-malformed', `a proposal has at most ${PROPOSAL_BYTES_MAX} bytes`);
      const request = plain(proposal);
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
    say(after, peer) {
      if (!pages.admit(peer))
        return refuse('unavailable.request-rate', 'you ask for locks more often than a start needs');
      const told: Uint8Array[] = [];
      let [bytes, looked, last] = [0, 0, after];
      for (let isOver = false; !isOver && looked < PAGE_ROWS_MAX; ) {
        const rows = journal.proposals.page(last, ROWS_AT_A_TIME);
        for (const { txid, outpoints, proposal } of rows) {
          const isTold = proposal.length > 0 && !isBuried(outpoints, TOLD_DEPTH);
          if (isTold && bytes + proposal.length > PAGE_BYTES_MAX) return statement(told, last);
          last = txid;
          looked += 1;
          if (!isTold) continue;
          told.push(proposal);
          bytes += proposal.length;
        }
        isOver = rows.length < ROWS_AT_A_TIME;
        if (isOver) last = '';
      }
      return statement(told, last);
    },
    hear: (from, proposals, isFirst) =>
      journal.claims.take(
        from,
        proposals.flatMap((proposal) => claimIn(proposal) ?? []),
        isFirst,
        clock(),
      ),
  };

  function statement(proposals: readonly Uint8Array[], next: string): Verdict<Envelope> {
    return accept(say(parts, Round.LOCKS, ABOUT_NOTHING, LocksHeldSchema, { proposals: [...proposals], next }));
  }

  /** What cannot be about coins of this network is no claim, and what is locked here for the very same says nothing new. Judged when it matters. */
  function claimIn(proposal: Uint8Array): ClaimMade | undefined {
    const request = proposal.length > PROPOSAL_BYTES_MAX ? undefined : plain(proposal);
    if (request === undefined || request.environment !== genesis.environment || request.network !== genesis.name)
      return undefined;
    try {
      const { txid, inputs } = codec.readTransaction(request.transaction);
      const outpoints = inputs.map(outpointText);
      if (inputs.length === 0 || inputs.length > RELEASE_OUTPOINTS_MAX) return undefined;
      const isKnown = outpoints.every((outpoint) =>
        journal.releases.locksOn(outpoint).some((lock) => lock.txid === txid),
      );
      return isKnown ? undefined : { txid, outpoints, proposal };
    } catch {
      return undefined;
    }
  }
}

/** A request that is exactly what its fields say: whoever keeps it keeps nothing else. */
function plain(bytes: Uint8Array): SigningRequest | undefined {
  try {
    const request = fromBinary(SigningRequestSchema, bytes, { readUnknownFields: false });
    return Buffer.from(toBinary(SigningRequestSchema, request)).equals(bytes) ? request : undefined;
  } catch {
    return undefined;
  }
}
