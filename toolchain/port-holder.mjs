import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';

/** Variable in the environment of every process that a devnet starts: the folder that it was started for. */
export const FOLDER_MARK = 'FIREBREAK_DEVNET_FOLDER';

const LISTENING = '0A';
const PROCESSES_MAX = 50_000;
const DESCRIPTORS_MAX = 10_000;

/**
 * @typedef {object} PortHolder
 * @property {number} pid
 * @property {string} name
 * @property {string | undefined} dataFolder the data folder of the devnet that it belongs to, when it belongs to one
 */

/**
 * Whether nobody listens on this port of the loopback address.
 *
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
export function isPortFree(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * The process that listens on a TCP port of this machine. Undefined when nobody does, when it belongs to another user, or
 * when the system keeps no /proc; the answer is for a message, never for a decision to end something.
 *
 * @param {number} port
 * @returns {PortHolder | undefined}
 */
export function holderOfPort(port) {
  if (process.platform !== 'linux') return undefined;
  const sockets = new Set([...listeningInodes('/proc/net/tcp', port), ...listeningInodes('/proc/net/tcp6', port)]);
  if (sockets.size === 0) return undefined;
  for (const pid of list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .slice(0, PROCESSES_MAX)) {
    for (const descriptor of list(`/proc/${pid}/fd`).slice(0, DESCRIPTORS_MAX)) {
      if (sockets.has(targetOf(`/proc/${pid}/fd/${descriptor}`)))
        return { pid: Number(pid), name: read(`/proc/${pid}/comm`).trim() || 'a process', dataFolder: folderOf(pid) };
    }
  }
  return undefined;
}

/**
 * proc(5), net/tcp: the second field is the local address and port in hexadecimal, the fourth the state, the tenth the inode.
 *
 * @param {string} file
 * @param {number} port
 */
function listeningInodes(file, port) {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return read(file)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(wanted) && fields[3] === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`);
}

/** @param {string} pid */
function folderOf(pid) {
  const mark = `${FOLDER_MARK}=`;
  const found = read(`/proc/${pid}/environ`)
    .split('\0')
    .find((line) => line.startsWith(mark));
  // The mark names the folder of the process; the data folder is the one above.
  return found === undefined ? undefined : path.dirname(found.slice(mark.length));
}

/** @param {string} folder */
function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return []; // it ended while we looked, or belongs to somebody else
  }
}

/** @param {string} link */
function targetOf(link) {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
