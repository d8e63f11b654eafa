import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GossipSub } from '@libp2p/gossipsub';
import { type Mesh as Links, Mesh, placeOf } from '../../../devnet/links/mesh.ts';
import { type NetworkGenesis, type ValidatorId, validatorId } from '../../../domain/network/network.ts';
import { transactionCodec } from '../../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../../plugins/keystore/memory/index.ts';
import { Libp2pNetwork } from '../../../plugins/network/libp2p/network.ts';
import { loopbackPort } from '../../../plugins/testkit/loopback-ports.ts';
import { CustodyHost, type CustodyHostOptions } from '../../../validator/custody/p2p/host.ts';
import { TestFleet, type TestFleetOptions } from '../../../validator/custody/testkit/agents.ts';
import type { Handler } from '../../../validator/custody/testkit/hostile-signer.ts';
import { silentLogger, until } from '../../../validator/custody/testkit/loopback-network.ts';
import { testNetwork } from '../../../validator/custody/testkit/network.ts';
import { MetricsCollector } from '../../../validator/http/collect.ts';
import { announcementsTopic } from '../../../wire/stream/protocol.ts';

export const COORDINATOR = 'coordinator';
export const codec = transactionCodec('regtest');
const LISTEN = '/ip4/127.0.0.1/tcp';
/** No test waits so long for something that happens; it ends one in which something does not. */
const NEVER_MS = 400_000;

export type LinkedFleetOptions = {
  readonly validators: number;
  readonly threshold: number;
  /** From 0 to 1: which pieces are lost. */
  readonly chance: () => number;
  readonly fleet?: Partial<TestFleetOptions>;
  readonly host?: Partial<CustodyHostOptions>;
};

/**
 * Real validators without a process of their own: agent, journal and libp2p host of each, and one coordinator, with a proxy in every direction
 * that anybody dials. All share one address.
 */
export class LinkedFleet {
  readonly fleet: TestFleet;
  readonly links: Links;
  readonly coordinator: Libp2pNetwork;
  readonly hosts = new Map<number, CustodyHost>();
  /** Who answers in the place of an agent. */
  readonly handlers = new Map<number, Handler>();
  /** How many announcements of one validator another one has accepted: `hearer<author`. */
  readonly heard = new Map<string, number>();
  readonly #ports: readonly number[];
  readonly #options: LinkedFleetOptions;
  readonly #folder: string;

  private constructor(options: LinkedFleetOptions, ports: readonly number[], links: Links) {
    const { validators, threshold } = options;
    this.#options = options;
    this.#ports = ports;
    this.links = links;
    const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
    const network = testNetwork(validators, threshold);
    this.fleet = new TestFleet(validators, threshold, { codec, keystore, network, ...options.fleet });
    this.#folder = mkdtempSync(join(tmpdir(), 'firebreak-coordinator-'));
    const identityFile = join(this.#folder, 'identity.pem');
    writeFileSync(identityFile, network.coordinator.key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    this.coordinator = new Libp2pNetwork(
      { identityFile, dialTimeoutMs: 120_000, reconnectMsMax: 1_000 },
      { genesis: this.#seenFrom(COORDINATOR) },
    );
  }

  static async start(options: LinkedFleetOptions): Promise<LinkedFleet> {
    const ports = await Promise.all(Array.from({ length: options.validators }, loopbackPort));
    const targets = new Map(ports.map((port, at) => [placeOf(validatorId(at + 1)), port] as const));
    const links = await Mesh.open([...targets.keys(), COORDINATOR], targets, options.chance);
    const linked = new LinkedFleet(options, ports, links);
    await linked.upAll(linked.ids);
    await linked.coordinator.start();
    await linked.whole();
    return linked;
  }

  get ids(): readonly ValidatorId[] {
    return this.fleet.agents.map(({ id }) => id);
  }

  get running(): readonly number[] {
    return [...this.hosts.keys()];
  }

  host(id: number): CustodyHost {
    const host = this.hosts.get(id);
    if (host === undefined) throw new Error(`validator ${id} is down`);
    return host;
  }

  gossip(id: number): GossipSub {
    return (this.host(id) as unknown as { readonly node: { readonly services: { readonly gossip: GossipSub } } }).node
      .services.gossip;
  }

  /** What gossip of one validator thinks of its peers. */
  scores(id: number): number[] {
    const { score } = this.gossip(id) as unknown as { readonly score: { score(peer: string): number } };
    return this.gossip(id)
      .getPeers()
      .map((peer) => score.score(peer.toString()));
  }

  async up(id: number): Promise<void> {
    const { agent, id: self } = this.fleet.get(id);
    const key = this.fleet.network.hosts[id - 1]?.key;
    if (key === undefined) throw new Error(`there is no validator ${id}`);
    const host = new CustodyHost({
      genesis: this.#seenFrom(placeOf(self)),
      self,
      identity: key,
      listen: `${LISTEN}/${this.#ports[id - 1]}`,
      agent: {
        ...agent,
        handle: (request, peer) => this.handlers.get(id)?.(request) ?? agent.handle(request, peer),
        hear: async (bytes, author) => {
          const verdict = await agent.hear(bytes, author);
          const from = this.fleet.network.hosts.findIndex(({ identity }) => identity === author) + 1;
          if (verdict === 'accept') this.heard.set(`${id}<${from}`, (this.heard.get(`${id}<${from}`) ?? 0) + 1);
          return verdict;
        },
      },
      logger: silentLogger,
      announceMs: 10_000,
      latencyMs: 30_000,
      rollCallMs: 10_000,
      // Fifteen in one process on a busy machine are slow together: only tests that are about silence look for it.
      monitor: { pingInterval: 3_600_000, pingTimeout: { minTimeout: 3_600_000, maxTimeout: 3_600_000 } },
      patienceMs: 60_000,
      backoff: { firstMs: 50, lastMs: 5_000, dialMs: 120_000 },
      ...this.#options.host,
    });
    await host.start();
    this.hosts.set(id, host);
  }

  /** One after the other, and from the last to the first: each dials those after it, and nobody dials whoever is not there yet. */
  async upAll(ids: readonly number[]): Promise<void> {
    for (const id of ids.toReversed()) {
      await this.up(id);
      await this.until(() => this.#isMeshed());
    }
  }

  async down(id: number): Promise<void> {
    await this.host(id).stop();
    this.hosts.delete(id);
  }

  /** Everybody who runs is connected to all others who run and hears them, and the coordinator reaches each. */
  async whole(): Promise<void> {
    await this.until(() => this.#isMeshed() && this.coordinator.connected().length === this.hosts.size);
  }

  async until(holds: () => boolean): Promise<void> {
    await until(holds, AbortSignal.timeout(NEVER_MS));
  }

  /** As the validator's own metric says it. */
  async margin(id: number): Promise<number> {
    const { agent, chain, folder, id: self } = this.fleet.get(id);
    const collector = new MetricsCollector({
      self,
      genesis: this.fleet.genesis,
      version: 'test',
      startedAtMs: 0,
      dataDir: folder,
      clock: Date.now,
      chain: () => chain.view().status(),
      report: () => agent.report(),
      freezesLeft: () => agent.freezesLeft(),
      session: (ceremony) => agent.session(ceremony),
      sessions: (limit) => agent.sessions(limit),
      transport: this.host(id),
      keyUses: () => ({ opened: 0, refused: 0 }),
    });
    try {
      const line = /^firebreak_liveness_margin\{[^}]*\} (\S+)$/m.exec(await collector.text());
      return Number(line?.[1] ?? Number.NaN);
    } finally {
      collector.stop();
    }
  }

  margins(): Promise<number[]> {
    return Promise.all(this.running.map((id) => this.margin(id)));
  }

  places(ids: readonly number[]): string[] {
    return ids.map((id) => placeOf(validatorId(id)));
  }

  dropped(id: number, reason: string): number {
    return this.host(id).counters().dropped[reason] ?? 0;
  }

  async stop(): Promise<void> {
    await this.coordinator.stop();
    await Promise.all([...this.hosts.values()].map((host) => host.stop()));
    await this.links.close();
    await this.fleet.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #isMeshed(): boolean {
    const others = this.hosts.size - 1;
    const topic = announcementsTopic(this.fleet.genesis);
    return this.running.every(
      (id) => this.host(id).connected().length === others && this.gossip(id).getSubscribers(topic).length === others,
    );
  }

  #seenFrom(place: string): NetworkGenesis {
    const { genesis } = this.fleet;
    const validators = genesis.validators.map((entry) => {
      const to = placeOf(entry.id);
      const port = to === place ? this.#ports[entry.id - 1] : this.links.portOf(place, to);
      return { ...entry, addresses: [`${LISTEN}/${port}`] };
    });
    return { ...genesis, validators };
  }
}
