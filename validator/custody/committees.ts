import type { Authority } from '../../domain/committee/committee.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { epochDigest, EPOCHS_MAX, firstAuthority, judgeEpoch, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { accept, failureOf, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { MESSAGE_BYTES_MAX } from '../../wire/envelope.ts';
import { CommitteeStateSchema, type Envelope, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentDependencies } from './dependencies.ts';
import { tellAll } from './news.ts';
import { ABOUT_NOTHING, say, type Speaking } from './statements.ts';

/** One signed epoch must fit into one announcement. Fifty members with post-quantum keys do; fifty signatures beside them do not. */
export const EPOCH_BYTES_MAX = 393_216;
/** What a statement has left for epochs, besides its envelope. */
const STATED_BYTES_MAX = MESSAGE_BYTES_MAX - 4_096;

export type Committees = {
  /** The committee of now. */
  authority(): Authority;
  /** The committee of that epoch, if the walk from the pinned one passed it. */
  of(epoch: number): Authority | undefined;
  /** Epochs that follow, oldest first; those that are known already say nothing. `isNew`: at least one was new. */
  follow(epochs: readonly SignedEpoch[]): Verdict<{ readonly isNew: boolean }>;
  /** Where this validator stands, with the epochs after `epoch` that fit. */
  statement(by: Speaking, epoch: number): Envelope;
  onNew(listener: (signed: SignedEpoch) => void): void;
};

type Parts = Pick<AgentDependencies, 'genesis' | 'journal' | 'clock' | 'logger'>;
type Link = { readonly signed: SignedEpoch; readonly authority: Authority };

/**
 * The walk from the pinned committee to the present one. Each epoch proves itself and is on disk before it counts. What was journalled is
 * judged again at every start: a pinned file that belongs to another walk is a refusal to start (codes of `domainEpochFailures`).
 */
export function createCommittees(parts: Parts): Committees {
  const { genesis, journal, clock, logger } = parts;
  const pinned = firstAuthority(genesis);
  const first = pinned.committee.epoch;
  const links: Link[] = [];
  const listeners: ((signed: SignedEpoch) => void)[] = [];
  const present = (): Authority => links.at(-1)?.authority ?? pinned;
  const of = (epoch: number): Authority | undefined => (epoch === first ? pinned : links[epoch - first - 1]?.authority);

  for (const signed of journal.epochs.list()) {
    // The operator may have pinned a later committee since.
    if (signed.epoch.committee.epoch <= first) continue;
    const judged = judgeEpoch(signed, present());
    if (!judged.ok) throw failureOf(judged.refusal);
    links.push({ signed, authority: judged.value });
  }

  function followOne(signed: SignedEpoch): Verdict<{ readonly isNew: boolean }> {
    const { epoch: number } = signed.epoch.committee;
    if (number <= present().committee.epoch) return known(signed);
    const bytes = canonicalBytes(signed).length;
    if (links.length >= EPOCHS_MAX || bytes > EPOCH_BYTES_MAX)
      return refuse('input.epoch-chain', `epoch ${number} has ${bytes} bytes, at most ${EPOCH_BYTES_MAX} are kept`);
    const judged = judgeEpoch(signed, present());
    if (!judged.ok) return judged;
    journal.epochs.append(signed, epochDigest(signed.epoch), clock());
    links.push({ signed, authority: judged.value });
    logger.info({ epoch: number }, 'obeys a new committee');
    tellAll(listeners, signed, logger);
    return accept({ isNew: true });
  }

  /** Of two successors the first counts, and nobody here can say which is right: the other is kept as evidence. */
  function known(signed: SignedEpoch): Verdict<{ readonly isNew: boolean }> {
    const { epoch: number } = signed.epoch.committee;
    const link = links[number - first - 1];
    // The pinned committee, and those before it, are beyond doubt here.
    if (link === undefined) return accept({ isNew: false });
    const digest = epochDigest(signed.epoch);
    if (digest === epochDigest(link.signed.epoch)) return accept({ isNew: false });
    const alone = judgeEpoch(signed, of(number - 1) ?? pinned);
    if (!alone.ok) return alone;
    logger.error({ epoch: number, digest }, 'two committees of one epoch');
    journal.doubleSigned.keep({ kind: 'epoch', number, digest, document: signed }, clock());
    return refuse('conflict.epoch-fork', `another committee ${number} is obeyed here, and both carry their quorums`, {
      epoch: number,
    });
  }

  return {
    authority: present,
    of,
    follow(epochs) {
      let isNew = false;
      for (const signed of epochs) {
        const followed = followOne(signed);
        if (!followed.ok) return followed;
        isNew ||= followed.value.isNew;
      }
      return accept({ isNew });
    },
    statement(by, epoch) {
      const { committee } = present();
      return say(by, Round.COMMITTEE_STATE, ABOUT_NOTHING, CommitteeStateSchema, {
        epoch: committee.epoch,
        committeeDigest: fromHex(committeeDigest(committee), 'committee', 32),
        signedEpochs: fitting(links.filter(({ authority }) => authority.committee.epoch > epoch)),
      });
    },
    onNew: (listener) => void listeners.push(listener),
  };
}

function fitting(links: readonly Link[]): Uint8Array[] {
  const said: Uint8Array[] = [];
  let bytes = 0;
  for (const { signed } of links) {
    const document = canonicalBytes(signed);
    bytes += document.length + 8;
    if (bytes > STATED_BYTES_MAX) break;
    said.push(document);
  }
  return said;
}
