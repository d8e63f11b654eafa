import type { PeerId } from '@libp2p/interface';
import type { ValidatorId } from '../../../domain/network/network.ts';

/** A stream that was there and is gone does not come back by itself. One that is not there yet may: a busy machine takes its time. */
const DEAF_MS = 60_000;
const NEVER_HEARD_FACTOR = 10;

/** The part of a host that looking for deaf peers needs. */
export type HearingNode = {
  /** Whether gossip passes on to this peer what it hears. */
  speaksTo(peer: PeerId): boolean;
  hangUp(peer: PeerId): Promise<void>;
};

/**
 * Gossipsub opens its stream to a peer once per connection, and the peer says once on its own what it subscribes to: when the stream was
 * cut, because the peer did not read or reset it, or the subscription was taken back in its name, the peer is connected and hears nothing
 * any more. A fresh connection gets fresh streams.
 */
export class DeafPeers {
  private readonly since = new Map<ValidatorId, number>();
  private readonly spokenTo = new Set<ValidatorId>();
  private readonly clock: () => number;
  private readonly patienceMs: number;

  constructor(clock: () => number, patienceMs = DEAF_MS) {
    this.clock = clock;
    this.patienceMs = patienceMs;
  }

  /** Hangs up on whoever was connected and deaf for too long; returns whom. Call it again and again. */
  async look(node: HearingNode, connected: ReadonlyMap<ValidatorId, PeerId>): Promise<readonly ValidatorId[]> {
    const nowMs = this.clock();
    for (const validator of [...this.since.keys(), ...this.spokenTo])
      if (!connected.has(validator)) this.forget(validator);
    const gone: ValidatorId[] = [];
    for (const [validator, peer] of connected) {
      if (node.speaksTo(peer)) {
        this.since.delete(validator);
        this.spokenTo.add(validator);
        continue;
      }
      const since = this.since.get(validator) ?? nowMs;
      this.since.set(validator, since);
      const patienceMs = this.patienceMs * (this.spokenTo.has(validator) ? 1 : NEVER_HEARD_FACTOR);
      if (nowMs - since < patienceMs) continue;
      this.forget(validator);
      gone.push(validator);
    }
    await Promise.all(gone.map((validator) => hangUp(node, connected.get(validator))));
    return gone;
  }

  private forget(validator: ValidatorId): void {
    this.since.delete(validator);
    this.spokenTo.delete(validator);
  }
}

async function hangUp(node: HearingNode, peer: PeerId | undefined): Promise<void> {
  if (peer !== undefined) await node.hangUp(peer);
}
