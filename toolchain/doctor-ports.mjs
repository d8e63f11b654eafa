import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LOOPBACK, namedPorts, PORT_BASE_DEFAULT, portsFrom } from './devnet-ports.mjs';
import { finding } from './finding.mjs';
import { holderOfPort, isPortFree } from './port-holder.mjs';

/** A plan with sixty ports in use is one finding too many; whoever holds one usually holds the others. */
const TAKEN_SHOWN_MAX = 5;

/**
 * @typedef {object} Network
 * @property {string} dataFolder where `up` keeps it, or would
 * @property {number} [portBase] default: as the network in that folder was made, else the default of `up`
 */

/**
 * Every port that the devnet of this folder needs, one that it holds itself being as good as a free one.
 *
 * @param {Network} network
 * @returns {Promise<import('./finding.mjs').Finding[]>}
 */
export async function checkPorts({ dataFolder, portBase }) {
  const made = stateIn(dataFolder);
  const base = portBase ?? made.portBase ?? PORT_BASE_DEFAULT;
  const ports = [...namedPorts(portsFrom(base))];
  const free = await Promise.all(ports.map(([port]) => isPortFree(port, LOOPBACK)));
  const taken = ports
    .filter((_port, index) => free[index] === false)
    .map(([port, wantedFor]) => ({ port, wantedFor, holder: holderOfPort(port) }));
  const foreign = taken.filter(({ holder }) => !isOurs(holder, dataFolder, made.supervisor));
  const own = taken.length - foreign.length;
  const name = `ports of base ${base}`;
  const words = `${ports.length - taken.length} free${own > 0 ? `, ${own} in use by the network in ${dataFolder}` : ''}`;
  const fixed = made.portBase === base ? `; the genesis in ${dataFolder} names these ports` : '';
  return [
    ...(made.portBase !== undefined && made.portBase !== base
      ? [
          finding(
            'port base',
            'warning',
            `${base} was asked for; the network in ${dataFolder} was made with ${made.portBase}, which its genesis names`,
            `leave out --port-base, or name another folder with --data`,
          ),
        ]
      : []),
    foreign.length === 0
      ? finding(name, 'ok', words, '')
      : finding(
          name,
          'warning',
          `${words}, ${foreign.length} held by others${fixed}`,
          fixed === '' ? 'stop the programs below, or choose another --port-base' : 'stop the programs below',
        ),
    ...foreign
      .slice(0, TAKEN_SHOWN_MAX)
      .map(({ port, wantedFor, holder }) =>
        finding(
          `port ${port}`,
          'warning',
          `wanted for ${wantedFor}, held by ${holder ? `${holder.name}, process ${holder.pid}` : 'another program'}`,
          holder?.dataFolder === undefined
            ? `ss -ltnp "sport = :${port}" names the program`
            : `firebreak down --data ${holder.dataFolder} stops its network`,
        ),
      ),
  ];
}

/**
 * @param {import('./port-holder.mjs').PortHolder | undefined} holder
 * @param {string} dataFolder
 * @param {number | undefined} supervisor
 */
const isOurs = (holder, dataFolder, supervisor) =>
  holder !== undefined && (holder.dataFolder === path.resolve(dataFolder) || holder.pid === supervisor);

/**
 * What an existing network says of itself in `devnet.json`; a damaged file is for the checks of the network to report.
 *
 * @param {string} dataFolder
 * @returns {{ portBase?: number, supervisor?: number }}
 */
function stateIn(dataFolder) {
  try {
    const state = JSON.parse(readFileSync(path.join(dataFolder, 'devnet.json'), 'utf8'));
    const { portBase, supervisor } = state ?? {};
    return {
      ...(Number.isInteger(portBase) ? { portBase } : {}),
      ...(Number.isInteger(supervisor?.pid) ? { supervisor: supervisor.pid } : {}),
    };
  } catch {
    return {};
  }
}
