import type { CeremonyId } from '../../../domain/ceremony/ceremony.ts';
import { shownShareMessage } from '../../../domain/ceremony/dispute.ts';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import { openShareExchange, type ShareExchange } from '../../../threshold/session/share-encryption.ts';
import type { KeygenResult, KeygenSession, SigningSuite } from '../../../threshold/suite.ts';
import type { DisputedShares, KeygenContext, KeygenOpening, ShareInTransit } from './operations.ts';

type Running = {
  readonly context: KeygenContext;
  readonly session: KeygenSession;
  readonly exchange: ShareExchange;
  openings: ReadonlyMap<ValidatorId, KeygenOpening> | undefined;
};

/** Key generations in memory: a crash aborts them all, and only so many run at once (the oldest gives way). */
export class KeygenSessions {
  readonly #running = new Map<CeremonyId, Running>();
  readonly #suite: SigningSuite;
  readonly #self: ValidatorId;
  readonly #capacity: number;

  constructor(suite: SigningSuite, self: ValidatorId, capacity: number) {
    this.#suite = suite;
    this.#self = self;
    this.#capacity = capacity;
  }

  start(context: KeygenContext): KeygenOpening {
    this.erase(context.ceremony);
    const session = this.#suite.startKeygen(this.#self, context.participants, context.threshold);
    const exchange = openShareExchange(context.ceremony, this.#self);
    this.#running.set(context.ceremony, { context, session, exchange, openings: undefined });
    for (const ceremony of this.#running.keys()) {
      if (this.#running.size <= this.#capacity) break;
      this.erase(ceremony);
    }
    return { ...session.round1, encryptionKey: exchange.publicKey };
  }

  /** The plain shares exist only while they are encrypted. */
  shares(
    ceremony: CeremonyId,
    openings: ReadonlyMap<ValidatorId, KeygenOpening>,
  ): ReadonlyMap<ValidatorId, ShareInTransit> {
    const running = this.#get(ceremony);
    const plain = running.session.receiveCommitments(openings);
    running.openings = openings;
    try {
      return new Map(
        [...plain].map(([to, share]) => [to, running.exchange.encryptFor(to, keyOf(openings, to), share)]),
      );
    } finally {
      for (const share of plain.values()) share.fill(0);
    }
  }

  /** The caller seals and wipes `share`. The ceremony is over here, whatever comes out. */
  finish(
    ceremony: CeremonyId,
    mine: ReadonlyMap<ValidatorId, ShareInTransit>,
    transcript: Digest,
  ): (KeygenResult & { readonly context: KeygenContext }) | DisputedShares {
    const { session, exchange, openings = new Map(), context } = this.#get(ceremony);
    const opened = new Map<ValidatorId, Uint8Array>();
    const show = (dealers: readonly ValidatorId[]): DisputedShares => ({
      disputed: dealers.map((dealer) => ({
        dealer,
        ...exchange.showOpening(dealer, keyOf(openings, dealer), shownShareMessage(transcript, dealer, this.#self)),
      })),
    });
    try {
      const closed = [...mine].flatMap(([from, share]) => {
        const plain = openedOr(() => exchange.decryptFrom(from, keyOf(openings, from), share));
        if (plain !== undefined) opened.set(from, plain);
        return plain === undefined ? [from] : [];
      });
      if (closed.length > 0) return show(closed);
      return { ...session.receiveShares(opened), context };
    } catch (error) {
      if (error instanceof FirebreakFailure && error.code === 'signer-fault.keygen-share')
        return show(culpritsOf(error));
      throw error;
    } finally {
      for (const share of opened.values()) share.fill(0);
      this.erase(ceremony);
    }
  }

  erase(ceremony: CeremonyId): void {
    const running = this.#running.get(ceremony);
    running?.session.erase();
    running?.exchange.erase();
    this.#running.delete(ceremony);
  }

  eraseAll(): void {
    for (const ceremony of this.#running.keys()) this.erase(ceremony);
  }

  #get(ceremony: CeremonyId): Running {
    const running = this.#running.get(ceremony);
    if (running === undefined) {
      throw new FirebreakFailure('conflict.keygen-lost', `key generation ${ceremony} is not in memory here`, {
        ceremony,
      });
    }
    return running;
  }
}

/** Nothing when the box does not open: that is shown, not thrown. */
function openedOr(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof FirebreakFailure && error.code === 'signer-fault.share-encryption') return undefined;
    throw error;
  }
}

const culpritsOf = ({ details }: FirebreakFailure): readonly ValidatorId[] =>
  (details['culprits'] as readonly ValidatorId[] | undefined) ?? [];

function keyOf(openings: ReadonlyMap<ValidatorId, KeygenOpening>, validator: ValidatorId): Uint8Array {
  const opening = openings.get(validator);
  if (opening === undefined) {
    throw new FirebreakFailure('input.keygen-set', `there are no commitments of validator ${validator}`, { validator });
  }
  return opening.encryptionKey;
}
