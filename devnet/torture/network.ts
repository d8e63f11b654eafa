import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ValidatorId } from '../../domain/network/network.ts';
import { linkUp, type Mesh } from '../links/mesh.ts';
import { type LiveNetwork, startLiveNetwork } from '../live-network.ts';
import { type Layout, layout as layoutOf } from '../layout.ts';
import type { ValidatorProgram } from '../processes.ts';
import { type Mounted, smallDisk } from '../small-disk.ts';
import { chanceOf } from './chance.ts';
import type { Cast } from './schedule.ts';

/** A whole devnet whose links, clocks, disks and some of whose programs are not its own. */
export type TorturedNetwork = {
  readonly live: LiveNetwork;
  readonly mesh: Mesh;
  readonly cast: Cast;
  /** undefined where this process may not mount one. */
  readonly disk: Mounted | undefined;
  stop(): Promise<void>;
};

const HOSTILE_PROGRAM = fileURLToPath(new URL('./hostile/main.ts', import.meta.url));
const CLOCK = new URL('./clock.ts', import.meta.url).href;
const SMALL_DISK_BYTES = 64 << 20;
const FRACTION = 1_000_000;

export const clockFile = (layout: Layout, id: ValidatorId): string => join(layout.validator(id).dir, 'clock.shift');

export async function startTorturedNetwork(options: {
  readonly data: string;
  readonly portBase: number | undefined;
  readonly seed: number;
  readonly cast: Cast;
}): Promise<TorturedNetwork> {
  const { cast, data, portBase } = options;
  const chance = chanceOf(options.seed, 'links');
  const closing: (() => void | Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closing.reverse()) await each();
  };
  const layout = layoutOf(data);
  let mesh: Mesh | undefined;
  let disk: Mounted | undefined;
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const live = await startLiveNetwork({
      data,
      ...(portBase === undefined ? {} : { portBase }),
      // A token would only make every start slower: what is tried here is not where shares are sealed.
      keystore: 'file',
      programOf: (id) => programOf(cast, layout, id),
      async configure(network) {
        mesh = await linkUp(network, () => chance.below(FRACTION) / FRACTION);
        closing.push(mesh.close.bind(mesh));
        disk = smallDisk()?.mountOver(network.layout.validator(cast.small).dir, SMALL_DISK_BYTES);
        if (disk !== undefined) closing.push(disk.undo);
      },
    });
    if (mesh === undefined) throw new Error('the network came up without its links');
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopping ??= live.stop().then(close));
    return { live, mesh, cast, disk, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

function programOf(cast: Cast, layout: Layout, id: ValidatorId): ValidatorProgram {
  if (cast.hostile.includes(id)) return { entry: HOSTILE_PROGRAM };
  if (cast.clocks.includes(id))
    return { flags: [`--import=${CLOCK}`], env: { FIREBREAK_DEVNET_CLOCK: clockFile(layout, id) } };
  return {};
}
