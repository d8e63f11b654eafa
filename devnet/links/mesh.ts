import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ValidatorId, validatorName } from '../../domain/network/network.ts';
import { parseNetworkGenesis } from '../../wire/documents/index.ts';
import { validatorIds, WORKER_COUNT } from '../layout.ts';
import type { Network } from '../network.ts';
import { workerName } from '../processes.ts';
import { LOOPBACK } from '../ports.ts';
import { type Condition, Link, type Way } from './link.ts';

/** Whoever dials in a network: validators each other, workers validators. */
export type Place = string;

/** Every link of a network of processes, each dialled direction of a pair on its own. */
export class Mesh {
  readonly #links = new Map<string, Link>();

  /** `targets`: where each place listens; a place that only dials is not among them. */
  static async open(
    diallers: readonly Place[],
    targets: ReadonlyMap<Place, number>,
    chance: () => number,
  ): Promise<Mesh> {
    const mesh = new Mesh();
    for (const from of diallers)
      for (const [to, port] of targets) if (from !== to) mesh.#links.set(name(from, to), await Link.open(port, chance));
    return mesh;
  }

  /** Where `from` has to dial to reach `to`. */
  portOf(from: Place, to: Place): number {
    const link = this.#links.get(name(from, to));
    if (link === undefined) throw new Error(`${from} has no link to ${to}`);
    return link.port;
  }

  /** What `cause` does to everything that `from` says to `to`, whoever dialled. */
  impose(cause: string, from: readonly Place[], to: readonly Place[], change: Partial<Condition>): void {
    this.#each(from, to, (link, way) => link.impose(cause, way, change));
  }

  /** Both ways. */
  between(cause: string, one: readonly Place[], other: readonly Place[], change: Partial<Condition>): void {
    this.impose(cause, one, other, change);
    this.impose(cause, other, one, change);
  }

  lift(cause: string): void {
    for (const link of this.#links.values()) link.lift(cause);
  }

  drop(one: readonly Place[], other: readonly Place[]): void {
    this.#each(one, other, (link) => link.drop());
  }

  /** Connections that are open between two places, whoever dialled. */
  connections(one: Place, other: Place): number {
    return [name(one, other), name(other, one)].reduce((sum, key) => sum + (this.#links.get(key)?.connections ?? 0), 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  #each(from: readonly Place[], to: readonly Place[], act: (link: Link, way: Way) => void): void {
    for (const speaker of from) {
      for (const hearer of to) {
        const dialled = this.#links.get(name(speaker, hearer));
        if (dialled !== undefined) act(dialled, 'there');
        const answered = this.#links.get(name(hearer, speaker));
        if (answered !== undefined) act(answered, 'back');
      }
    }
  }
}

const name = (from: Place, to: Place): string => `${from}>${to}`;

export const placeOf = (id: ValidatorId): Place => validatorName(id);
export const workerPlaces = (): readonly Place[] =>
  Array.from({ length: WORKER_COUNT }, (_unused, index) => workerName(index + 1));

/**
 * Puts a link between every two processes of a devnet that has its files and does not run yet: each gets a genesis of its own, in which
 * the others are reached through its links. The links end with this process, so such a network is not started again without them.
 */
export async function linkUp(network: Pick<Network, 'layout' | 'ports'>, chance: () => number): Promise<Mesh> {
  const { layout, ports } = network;
  const targets = new Map(validatorIds().map((id) => [placeOf(id), ports.p2p(id)] as const));
  const mesh = await Mesh.open([...targets.keys(), ...workerPlaces()], targets, chance);
  const genesis = parseNetworkGenesis(readFileSync(layout.network, 'utf8'), layout.network);
  const seenFrom = (place: Place, dir: string): string => {
    const validators = genesis.validators.map((entry) => {
      const to = placeOf(entry.id);
      return to === place ? entry : { ...entry, addresses: [`/ip4/${LOOPBACK}/tcp/${mesh.portOf(place, to)}`] };
    });
    const file = join(dir, 'linked-network.json');
    writeFileSync(file, `${JSON.stringify({ ...genesis, validators }, undefined, 2)}\n`);
    return file;
  };
  for (const id of validatorIds()) {
    const { dir, config } = layout.validator(id);
    pinIn(config, seenFrom(placeOf(id), dir));
  }
  workerPlaces().forEach((place, index) => {
    const { dir, config } = layout.coordinator(index + 1);
    pinIn(config, seenFrom(place, dir));
  });
  return mesh;
}

/** A folder may be copied and moved: the genesis lies in it. */
function pinIn(config: string, file: string): void {
  const text = readFileSync(config, 'utf8');
  const pinned = text.replace(/^genesis_file = .*$/m, `genesis_file = "${basename(file)}"`);
  if (pinned === text) throw new Error(`${config} names no genesis_file`);
  writeFileSync(config, pinned, { mode: 0o600 });
}
