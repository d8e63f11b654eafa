import { join, resolve } from 'node:path';
import { type ValidatorId, validatorId, validatorName } from '../domain/network/network.ts';
import { DEVNET } from '../toolchain/devnet-ports.mjs';

/** 10 of 15 sign, a spare runs along, three Bitcoin nodes are spread over them, two workers take turns. */
export const NETWORK_NAME = 'custody-devnet';
export const NETWORK_ENVIRONMENT = 'development';
export const VALIDATOR_COUNT = DEVNET.validators;
/** Participants of the first key; the rest of the roster are spares. */
export const SIGNER_COUNT = DEVNET.validators - DEVNET.spares;
export const THRESHOLD = 10;
export const NODE_COUNT = DEVNET.nodes;
export const WORKER_COUNT = DEVNET.workers;
export const MEMBER_COUNT = 10;
export const QUORUM = { freeze: 3, lift: 7 } as const;

export const validatorIds = (): readonly ValidatorId[] =>
  Array.from({ length: VALIDATOR_COUNT }, (_unused, index) => validatorId(index + 1));

export const isSpare = (id: ValidatorId): boolean => id > SIGNER_COUNT;
/** Participants of the first key. */
export const signerIds = (): readonly ValidatorId[] => validatorIds().filter((id) => !isSpare(id));

/** Bitcoin node (1-based) of a validator: neighbours in the roster see the chain through different nodes. */
export const nodeOf = (id: ValidatorId): number => (id % NODE_COUNT) + 1;

export const memberName = (n: number): string => `member-${String(n).padStart(2, '0')}`;

/** Where everything of one devnet lies. Nothing outside `root` is written, except the tool cache. */
export function layout(root: string) {
  const at = (...parts: string[]): string => join(resolve(root), ...parts);
  const monitor = (name: string, config: string) => ({
    dir: at(name),
    config: at(name, config),
    store: at(name, 'store'),
    log: at(name, `${name}.log`),
  });
  return {
    root: resolve(root),
    network: at('network.json'),
    state: at('devnet.json'),
    lock: at('devnet.lock'),
    /** Whoever can read it may have a running devnet pay and mine. */
    control: at('control.secret'),
    operatorFile: at('operator.json'),
    operator: { dir: at('operator'), identity: at('operator', 'identity.key') },
    committee: {
      dir: at('committee'),
      /** Everything of one member: nobody else's tools look into it. */
      desk: (n: number) => at('committee', memberName(n)),
      member: (n: number) => at('committee', memberName(n), 'member.key'),
      /** What the committee has allowed beforehand. */
      standingOrder: at('committee', 'standing-order.json'),
    },
    owner: {
      dir: at('owner'),
      ownerKey: at('owner', 'owner.key'),
      releaseKey: at('owner', 'release.key'),
      payoutKey: at('owner', 'payout.key'),
    },
    temporal: { dir: at('temporal'), database: at('temporal', 'temporal.db'), log: at('temporal', 'temporal.log') },
    /** The chain; the nodes themselves forget it at every start. */
    blocks: at('blocks.jsonl'),
    bitcoin: (node: number) => ({ dir: at(`bitcoin-${node}`), log: at(`bitcoin-${node}`, 'btcd.log') }),
    validator: (id: ValidatorId) => {
      const folder = validatorName(id);
      return {
        dir: at(folder),
        config: at(folder, 'validator.toml'),
        journal: at(folder, 'journal.sqlite'),
        secret: at(folder, 'keystore.secret'),
        log: at(folder, 'validator.log'),
      };
    },
    /** What somebody took of a validator's folder. */
    copyOf: (id: ValidatorId) => {
      const folder = `${validatorName(id)}-copy`;
      return { dir: at(folder), config: at(folder, 'validator.toml'), log: at(folder, 'validator.log') };
    },
    /** Workers share blobs and terms; identity and chain index are each worker's own. */
    coordinator: (worker: number) => {
      const folder = worker === 1 ? 'coordinator' : `coordinator-${worker}`;
      return {
        dir: at(folder),
        config: at(folder, 'coordinator.toml'),
        identity: at(folder, 'identity.key'),
        chain: at(folder, 'chain.sqlite'),
        log: at(folder, 'worker.log'),
      };
    },
    blobs: at('coordinator', 'blobs'),
    terms: at('coordinator', 'terms'),
    grants: at('coordinator', 'grants'),
    softhsm: at('softhsm'),
    prometheus: monitor('prometheus', 'prometheus.yaml'),
    alertmanager: monitor('alertmanager', 'alertmanager.yaml'),
    alerts: {
      dir: at('api'),
      config: at('api', 'api.toml'),
      secret: (source: string) => at('api', 'secrets', `${source}.secret`),
      log: at('api', 'api.log'),
    },
    watchdog: { dir: at('watchdog'), config: at('watchdog', 'watchdog.toml'), log: at('watchdog', 'watchdog.log') },
    /** What people were told; `<channel>.jsonl` in it. */
    receivers: { dir: at('receivers'), log: at('receivers', 'receivers.log') },
    /** Bundles that leave the network. */
    evidence: at('evidence'),
    /** The committee signs the text that lies here. */
    playbooks: at('playbooks'),
  } as const;
}
export type Layout = ReturnType<typeof layout>;
