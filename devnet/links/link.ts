import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { LOOPBACK } from '../ports.ts';
import { Pump } from './pump.ts';

/** From whoever dialled to whoever was dialled, and the other way. */
export type Way = 'there' | 'back';
const WAYS: readonly Way[] = ['there', 'back'];

/** What a link does to bytes that travel one way. */
export type Condition = {
  /** Nothing arrives until it is over; nothing is lost, as TCP would send it again. */
  readonly held: boolean;
  readonly delayMs: number;
  /** So many of a hundred pieces arrive late, as after a retransmission, and everything behind them too. */
  readonly lossPercent: number;
  readonly bytesPerSecond: number;
};

const CALM: Condition = { held: false, delayMs: 0, lossPercent: 0, bytesPerSecond: Number.POSITIVE_INFINITY };

const BACKLOG = 32;

/** One dialled direction between two processes: a port in the middle that passes on what it gets, in the condition it is told to be in. */
export class Link {
  readonly port: number;
  readonly #server: Server;
  readonly #target: number;
  readonly #chance: () => number;
  readonly #open = new Set<{ readonly sockets: readonly Socket[]; readonly pumps: Readonly<Record<Way, Pump>> }>();
  readonly #imposed: Record<Way, Map<string, Partial<Condition>>> = { there: new Map(), back: new Map() };

  private constructor(server: Server, port: number, target: number, chance: () => number) {
    this.#server = server;
    this.port = port;
    this.#target = target;
    this.#chance = chance;
  }

  /** Listens on a port of the system's choice; `chance` gives numbers from 0 to 1. */
  static async open(target: number, chance: () => number): Promise<Link> {
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    server.listen(0, LOOPBACK, BACKLOG);
    await once(server, 'listening');
    const address = server.address();
    const link = new Link(server, typeof address === 'object' && address !== null ? address.port : 0, target, chance);
    server.on('connection', (socket) => link.#accept(socket));
    return link;
  }

  /** Connections that are open through it now. */
  get connections(): number {
    return this.#open.size;
  }

  /** What `cause` does to it; several causes add up to the worst of each. */
  impose(cause: string, way: Way, change: Partial<Condition>): void {
    this.#imposed[way].set(cause, change);
    this.#apply(way);
  }

  lift(cause: string): void {
    for (const way of WAYS) if (this.#imposed[way].delete(cause)) this.#apply(way);
  }

  /** Ends every open connection at once, as a router that was switched off and on. */
  drop(): void {
    for (const { sockets } of this.#open) for (const socket of sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #apply(way: Way): void {
    const condition = this.#conditionOf(way);
    for (const { pumps } of this.#open) pumps[way].condition = condition;
  }

  #conditionOf(way: Way): Condition {
    let worst = CALM;
    for (const each of this.#imposed[way].values()) {
      worst = {
        held: worst.held || each.held === true,
        delayMs: Math.max(worst.delayMs, each.delayMs ?? 0),
        lossPercent: Math.max(worst.lossPercent, each.lossPercent ?? 0),
        bytesPerSecond: Math.min(worst.bytesPerSecond, each.bytesPerSecond ?? Number.POSITIVE_INFINITY),
      };
    }
    return worst;
  }

  #accept(dialler: Socket): void {
    const listener = connect({ host: LOOPBACK, port: this.#target, noDelay: true, allowHalfOpen: true });
    dialler.setNoDelay(true);
    const sockets = [dialler, listener];
    const pumps = {
      there: new Pump(dialler, listener, this.#conditionOf('there'), this.#chance),
      back: new Pump(listener, dialler, this.#conditionOf('back'), this.#chance),
    };
    const entry = { sockets, pumps };
    this.#open.add(entry);
    const over = (): void => {
      this.#open.delete(entry);
      for (const pump of Object.values(pumps)) pump.stop();
      for (const socket of sockets) socket.destroy();
    };
    for (const socket of sockets) {
      socket.on('error', over);
      socket.on('close', over);
    }
  }
}
