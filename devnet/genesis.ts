import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { schnorr } from '@noble/curves/secp256k1.js';
import { toHex } from '../domain/encoding/hex.ts';
import type { CommitteeGenesis, NetworkGenesis, RosterEntry } from '../domain/network/network.ts';
import { createIdentityFile } from '../plugins/network/libp2p/identity-file.ts';
import { parseNetworkGenesis } from '../wire/documents/index.ts';
import { coordinatorConfigs } from './coordinator-config.ts';
import {
  isSpare,
  type Layout,
  MEMBER_COUNT,
  memberName,
  NETWORK_ENVIRONMENT,
  NETWORK_NAME,
  QUORUM,
  THRESHOLD,
  validatorIds,
  WORKER_COUNT,
} from './layout.ts';
import { LOOPBACK, type PortPlan } from './ports.ts';
import { writeOperatorFile } from './operator-file.ts';
import { initValidators, type KeyStorageChoice } from './validators.ts';

/** Whether this folder holds a finished network; the genesis is written last. */
export const networkExists = (layout: Layout): boolean => existsSync(layout.network);

/**
 * Draws every key of a new network and writes its files: identities, committee, owner, 15 validators and a spare, two coordinators, and
 * the genesis that all of them pin. What an interrupted attempt left is removed first: nobody has used it.
 */
export async function makeNetwork(layout: Layout, ports: PortPlan, storage: KeyStorageChoice): Promise<NetworkGenesis> {
  clearHalfMade(layout);
  mkdirSync(layout.root, { recursive: true, mode: 0o700 });
  const coordinators = [
    ...Array.from({ length: WORKER_COUNT }, (_unused, index) => newIdentity(layout.coordinator(index + 1).identity)),
    newIdentity(layout.operator.identity),
  ];
  const committee = newCommittee(layout);
  for (const file of [layout.owner.ownerKey, layout.owner.releaseKey, layout.owner.payoutKey]) newSchnorrKey(file);
  const identities = await initValidators(layout, ports, storage);
  const validators: RosterEntry[] = validatorIds().map((id, index) => ({
    id,
    identity: identities[index] ?? '',
    addresses: [`/ip4/${LOOPBACK}/tcp/${ports.p2p(id)}`],
    ...(isSpare(id) ? { spare: true as const } : {}),
  }));
  const genesis: NetworkGenesis = {
    version: 1,
    name: NETWORK_NAME,
    environment: NETWORK_ENVIRONMENT,
    bitcoinNetwork: 'regtest',
    threshold: THRESHOLD,
    validators,
    coordinators,
    committee,
  };
  coordinatorConfigs(layout, ports);
  writeOperatorFile(layout, ports);
  const text = `${JSON.stringify(genesis, undefined, 2)}\n`;
  parseNetworkGenesis(text, layout.network);
  writeFileSync(layout.network, text, { flag: 'wx', mode: 0o644, flush: true });
  return genesis;
}

/** Ten members, three may freeze, seven must agree to lift. */
export function newCommittee(layout: Layout): CommitteeGenesis {
  const members = Array.from({ length: MEMBER_COUNT }, (_unused, index) => ({
    name: memberName(index + 1),
    key: newIdentity(layout.committee.member(index + 1)),
  }));
  return { epoch: 1, members, quorum: QUORUM };
}

function newIdentity(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return createIdentityFile(file);
}

function newSchnorrKey(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const secret = schnorr.utils.randomSecretKey(randomBytes(48));
  writeFileSync(file, `${toHex(secret)}\n`, { flag: 'wx', mode: 0o600 });
  secret.fill(0);
}

/** Only folders that `makeNetwork` itself makes. */
function clearHalfMade(layout: Layout): void {
  if (networkExists(layout)) return;
  const folders = [
    layout.committee.dir,
    layout.owner.dir,
    layout.operator.dir,
    layout.softhsm,
    ...validatorIds().map((id) => layout.validator(id).dir),
    ...Array.from({ length: WORKER_COUNT }, (_unused, index) => layout.coordinator(index + 1).dir),
  ];
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
