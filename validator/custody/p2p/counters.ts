import type { DropReason } from '../agent.ts';

/**
 * What the transport itself refuses, beside what the agent refuses after reading. `graylisted`: unread, from a peer that said too much that was
 * wrong within seconds. `deaf`: a connection that was ended because gossip did not reach the peer on it.
 */
export type TransportDropReason = DropReason | 'rate' | 'silent' | 'ended' | 'graylisted' | 'deaf';

/** Application messages and their bytes; what TCP, noise and yamux add is not in it. */
export type TransportCounters = {
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly dropped: Readonly<Record<string, number>>;
};

export class TransportCount {
  private messagesSent = 0;
  private messagesReceived = 0;
  private bytesSent = 0;
  private bytesReceived = 0;
  private readonly dropped = new Map<TransportDropReason, number>();

  sent(bytes: number): void {
    this.messagesSent += 1;
    this.bytesSent += bytes;
  }

  received(bytes: number): void {
    this.messagesReceived += 1;
    this.bytesReceived += bytes;
  }

  drop(reason: TransportDropReason): void {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1);
  }

  read(): TransportCounters {
    return {
      messagesSent: this.messagesSent,
      messagesReceived: this.messagesReceived,
      bytesSent: this.bytesSent,
      bytesReceived: this.bytesReceived,
      dropped: Object.fromEntries(this.dropped),
    };
  }
}
