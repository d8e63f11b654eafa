import { type GossipSub, type Message, TopicValidatorResult } from '@libp2p/gossipsub';
import type { PeerId } from '@libp2p/interface';
import { identityOf } from '../../../wire/stream/host-identity.ts';
import type { CustodyAgent } from '../agent.ts';
import { announcementOf, type News } from '../news.ts';
import type { AllowList } from './allow-list.ts';
import type { TransportCount } from './counters.ts';
import { RateLimit, type RequestRate } from './rate-limit.ts';

/** Liveness with an order stays below 16 KiB with Ed25519; one committee of post-quantum keys with its signatures needs the rest (`EPOCH_BYTES_MAX`). */
export const ANNOUNCEMENT_BYTES_MAX = 524_288;

/** Of one author: an honest one says a word every few seconds, and a burst of them while it catches up with committees. */
export const ANNOUNCEMENT_RATE: RequestRate = { burst: 300, perSecond: 20 };

/** What an honest host of another age may still pass on; anything else is held against whoever forwarded it. */
const FORGIVABLE: ReadonlySet<string> = new Set(['ignore', 'duplicate', 'stale', 'version']);

/**
 * Old words of one author that one peer may bring, in shares of an author. An honest peer passes on what was new to it, so never more than
 * one share: the other one is for what was late on its way.
 */
const OLD_SHARES = 2;

/** Speaking and hearing on the announcements topic. */
export class Announcements {
  private readonly gossip: GossipSub;
  private readonly topic: string;
  private readonly agent: Pick<CustodyAgent, 'hear' | 'announce'>;
  private readonly allowList: AllowList;
  private readonly count: TransportCount;
  /** By author: what was new. */
  private readonly fresh: RateLimit;
  /** By who brought it and who said it: what was not. */
  private readonly old: RateLimit;

  constructor(
    gossip: GossipSub,
    topic: string,
    agent: Pick<CustodyAgent, 'hear' | 'announce'>,
    allowList: AllowList,
    count: TransportCount,
    rate: RequestRate = ANNOUNCEMENT_RATE,
  ) {
    this.gossip = gossip;
    this.topic = topic;
    this.agent = agent;
    this.allowList = allowList;
    this.count = count;
    this.fresh = new RateLimit(rate, Date.now);
    this.old = new RateLimit({ burst: OLD_SHARES * rate.burst, perSecond: OLD_SHARES * rate.perSecond }, Date.now);
  }

  begin(): void {
    this.gossip.topicValidators.set(this.topic, (from, message) => this.judge(from, message));
    this.gossip.subscribe(this.topic);
  }

  end(): void {
    this.gossip.unsubscribe(this.topic);
    this.gossip.topicValidators.delete(this.topic);
  }

  /** Everyone who heard it passes it on by itself; a validator that obeyed it also says it again. */
  async tell(news: News): Promise<void> {
    await this.publish(announcementOf(news));
  }

  async sayAlive(): Promise<void> {
    await this.publish(this.agent.announce());
  }

  private async publish(bytes: Uint8Array): Promise<void> {
    await this.gossip.publish(this.topic, bytes);
    this.count.sent(bytes.length);
  }

  private async judge(from: PeerId, message: Message): Promise<TopicValidatorResult> {
    if (message.type !== 'signed') return this.reject('unsigned');
    if (message.data.length > ANNOUNCEMENT_BYTES_MAX) return this.reject('oversized');
    if (!this.allowList.mayAnnounce(message.from)) return this.reject('unlisted');
    const author = identityOf(message.from) ?? '';
    // Held against the author alone: whoever passes it on may have had room for it. What matters is in the author's next word.
    if (!this.fresh.admit(author)) {
      this.count.drop('rate');
      return from.equals(message.from) ? TopicValidatorResult.Reject : TopicValidatorResult.Ignore;
    }
    this.count.received(message.data.length);
    const verdict = await this.agent.hear(message.data, author);
    if (verdict === 'accept') return TopicValidatorResult.Accept;
    // Everybody can say again what the author said once: that must not use up what is read of the author.
    this.fresh.giveBack(author);
    if (!FORGIVABLE.has(verdict)) return TopicValidatorResult.Reject;
    if (this.old.admit(`${identityOf(from) ?? ''} ${author}`)) return TopicValidatorResult.Ignore;
    this.count.drop('rate');
    return TopicValidatorResult.Reject;
  }

  private reject(reason: 'unsigned' | 'oversized' | 'unlisted'): TopicValidatorResult {
    this.count.drop(reason);
    return TopicValidatorResult.Reject;
  }
}
