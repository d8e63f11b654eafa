import type { Connection, PeerId } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { ValidatorId } from '../../domain/network/network.ts';
import { DIAL_MS } from './host-settings.ts';

/** The part of a libp2p node that staying connected needs. */
export type DialingNode = {
  dial(addresses: Multiaddr[], options: { signal: AbortSignal }): Promise<Connection>;
  getConnections(peer?: PeerId): Connection[];
  addEventListener(type: 'peer:connect' | 'peer:disconnect', listener: (event: CustomEvent<PeerId>) => void): void;
  removeEventListener(type: 'peer:connect' | 'peer:disconnect', listener: (event: CustomEvent<PeerId>) => void): void;
};

export type KeptPeer = {
  readonly validator: ValidatorId;
  readonly peer: PeerId;
  readonly addresses: readonly Multiaddr[];
  /** How long to leave the first move to the other side; 0 dials at once. */
  readonly patienceMs: number;
};

/** `dialMs`: for each address of a peer, which are tried one after the other. */
export type Backoff = { readonly firstMs: number; readonly lastMs: number; readonly dialMs: number };
export const RECONNECT: Backoff = { firstMs: 250, lastMs: 15_000, dialMs: DIAL_MS };

export type Keeper = {
  connected(): readonly ValidatorId[];
  /** Why the last dial of a validator failed; undefined while connected or untried. */
  lastFailure(validator: ValidatorId): string | undefined;
  stop(): void;
};

/**
 * Dials every peer until it is connected, again after each disconnect, with doubling waits up to `lastMs` and a jitter that
 * keeps fifteen restarting hosts from moving in step. One dial per peer at a time; `stop` ends all of it.
 */
export function keepConnected(node: DialingNode, peers: readonly KeptPeer[], backoff: Backoff = RECONNECT): Keeper {
  const stopped = new AbortController();
  const lines = new Map(peers.map((peer) => [peer.peer.toString(), new Line(node, peer, backoff, stopped.signal)]));
  const onConnect = (event: CustomEvent<PeerId>): void => lines.get(event.detail.toString())?.connected();
  const onDisconnect = (event: CustomEvent<PeerId>): void => lines.get(event.detail.toString())?.lost();
  node.addEventListener('peer:connect', onConnect);
  node.addEventListener('peer:disconnect', onDisconnect);
  for (const line of lines.values()) line.begin();
  const byValidator = new Map(peers.map((peer) => [peer.validator, lines.get(peer.peer.toString())]));
  return {
    connected: () => peers.filter((peer) => node.getConnections(peer.peer).length > 0).map((peer) => peer.validator),
    lastFailure: (validator) => byValidator.get(validator)?.failure,
    stop: () => {
      node.removeEventListener('peer:connect', onConnect);
      node.removeEventListener('peer:disconnect', onDisconnect);
      stopped.abort(new Error('no longer keeping connections'));
      for (const line of lines.values()) line.end();
    },
  };
}

/** The connection to one peer. */
class Line {
  failure: string | undefined;
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  private dialing = false;
  private readonly node: DialingNode;
  private readonly peer: KeptPeer;
  private readonly backoff: Backoff;
  private readonly stopped: AbortSignal;

  constructor(node: DialingNode, peer: KeptPeer, backoff: Backoff, stopped: AbortSignal) {
    this.node = node;
    this.peer = peer;
    this.backoff = backoff;
    this.stopped = stopped;
  }

  begin(): void {
    this.schedule(this.peer.patienceMs);
  }

  connected(): void {
    this.end();
    this.attempts = 0;
    this.failure = undefined;
  }

  lost(): void {
    this.schedule(Math.max(this.wait(), this.peer.patienceMs));
  }

  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(ms: number): void {
    if (this.stopped.aborted || this.timer !== undefined || this.dialing) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.dial();
    }, ms);
    this.timer.unref();
  }

  private async dial(): Promise<void> {
    if (this.isConnected() || this.stopped.aborted || this.peer.addresses.length === 0) return;
    this.dialing = true;
    this.attempts += 1;
    try {
      const signal = AbortSignal.any([
        this.stopped,
        AbortSignal.timeout(this.backoff.dialMs * this.peer.addresses.length),
      ]);
      await this.node.dial([...this.peer.addresses], { signal });
      this.failure = undefined;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    } finally {
      this.dialing = false;
    }
    if (!this.isConnected()) this.schedule(this.wait());
  }

  private isConnected(): boolean {
    return this.node.getConnections(this.peer.peer).length > 0;
  }

  private wait(): number {
    const doubled = this.backoff.firstMs * 2 ** Math.min(this.attempts, 16);
    return Math.min(doubled, this.backoff.lastMs) * (0.5 + Math.random() / 2);
  }
}
