import { FirebreakFailure } from '../domain/errors/failure.ts';
import {
  isPortBase,
  LOOPBACK,
  namedPorts,
  PORT_BASE_DEFAULT,
  PORT_BASE_MAX,
  PORT_BASE_MIN,
  PORT_BASE_STEP,
  portsFrom,
} from '../toolchain/devnet-ports.mjs';
import { holderOfPort, isPortFree, type PortHolder } from '../toolchain/port-holder.mjs';

export { LOOPBACK, namedPorts, PORT_BASE_DEFAULT };

/** How many other bases are looked at before the search for a free one ends. */
const BASES_TRIED_MAX = 50;

export type PortPlan = Readonly<ReturnType<typeof portsFrom>>;

/** Every port of a devnet. Throws `input.usage` for a base from which they would not all be ports. */
export function portPlan(base: number): PortPlan {
  if (isPortBase(base)) return portsFrom(base);
  throw new FirebreakFailure(
    'input.usage',
    `--port-base must be a whole number from ${PORT_BASE_MIN} to ${PORT_BASE_MAX}`,
  );
}

/** Ports of the plan that somebody holds right now. */
export async function takenPorts(
  plan: PortPlan,
): Promise<readonly { readonly port: number; readonly wantedFor: string }[]> {
  const checks = [...namedPorts(plan)].map(async ([port, wantedFor]) =>
    (await isPortFree(port, LOOPBACK)) ? [] : [{ port, wantedFor }],
  );
  return (await Promise.all(checks)).flat();
}

/**
 * Throws `conflict.port-in-use` before anything is started, with the first taken port, who holds it, and what to type.
 * `existing` is the data folder of a network whose genesis names its ports: it cannot move to others.
 */
export async function requireFreePorts(plan: PortPlan, existing?: string): Promise<void> {
  const [first, ...rest] = await takenPorts(plan);
  if (first === undefined) return;
  const others = rest.length > 0 ? ` (and ${rest.length} more are in use)` : '';
  const held = `port ${first.port}, wanted for ${first.wantedFor}, is held by ${holding(first.port)}${others}`;
  const base = await freeBase(plan.base);
  const moved = base === undefined ? undefined : ` --port-base ${base}`;
  throw new FirebreakFailure('conflict.port-in-use', `${held}; ${wayOut(moved, existing)}`, {
    port: first.port,
    taken: rest.length + 1,
  });
}

function wayOut(moved: string | undefined, existing: string | undefined): string {
  if (existing === undefined) return moved === undefined ? 'no other base is free' : `for other ports type${moved}`;
  const beside = moved === undefined ? '' : `, or make another network beside it: --data ${existing}-2${moved}`;
  return `the genesis of the network in ${existing} names its ports, so it waits until they are free${beside}`;
}

function holding(port: number, holder: PortHolder | undefined = holderOfPort(port)): string {
  if (holder === undefined) return `another program (\`ss -ltnp "sport = :${port}"\` names it)`;
  if (holder.dataFolder !== undefined)
    return `the devnet in ${holder.dataFolder} (\`firebreak down --data ${holder.dataFolder}\` stops it)`;
  return `${holder.name}, process ${holder.pid} (\`kill ${holder.pid}\` ends it)`;
}

/** Another base all of whose ports are free at this moment. */
async function freeBase(taken: number): Promise<number | undefined> {
  for (let tried = 1; tried <= BASES_TRIED_MAX; tried += 1) {
    const span = PORT_BASE_MAX - PORT_BASE_DEFAULT;
    const base = PORT_BASE_DEFAULT + ((taken - PORT_BASE_DEFAULT + tried * PORT_BASE_STEP) % span);
    if (base >= PORT_BASE_MIN && (await takenPorts(portsFrom(base))).length === 0) return base;
  }
  return undefined;
}
