import type { KeyObject } from 'node:crypto';
import type { Libp2p } from '@libp2p/interface';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../../../domain/network/network.ts';
import type { EffectContext, PortHealth } from '../../../domain/ports/context.ts';
import type { Answer, AskManyOptions, ValidatorNetwork } from '../../../domain/ports/validator-network.ts';
import { MESSAGE_BYTES_MAX } from '../../../wire/envelope.ts';
import { askMany } from '../../../wire/stream/ask-many.ts';
import { askOverStream } from '../../../wire/stream/exchange.ts';
import { identityHex, peerIdOf } from '../../../wire/stream/host-identity.ts';
import { type KeptPeer, type Keeper, keepConnected, RECONNECT } from '../../../wire/stream/keep-connected.ts';
import { CUSTODY_PROTOCOL } from '../../../wire/stream/protocol.ts';
import { addressesOf } from '../../../wire/stream/roster-addresses.ts';
import type { Libp2pNetworkConfig } from './config.ts';
import type { NetworkLibp2pFailureCode } from './failures.ts';
import { readIdentityFile } from './identity-file.ts';
import { dialOnlyNode } from './node.ts';

export type Libp2pNetworkComponents = { readonly genesis: NetworkGenesis };

/** The coordinator's line to every validator of the roster. */
export class Libp2pNetwork implements ValidatorNetwork {
  private readonly config: Libp2pNetworkConfig;
  private readonly genesis: NetworkGenesis;
  private readonly peers: ReadonlyMap<ValidatorId, KeptPeer>;
  private node: Libp2p | undefined;
  private keeper: Keeper | undefined;
  private identity = '';

  constructor(config: Libp2pNetworkConfig, components: Libp2pNetworkComponents) {
    this.config = config;
    this.genesis = components.genesis;
    this.peers = new Map(
      this.genesis.validators.map((entry) => [
        entry.id,
        { validator: entry.id, peer: peerIdOf(entry.identity), addresses: addressesOf(entry), patienceMs: 0 },
      ]),
    );
  }

  /** Begins to connect and does not wait for it: a validator that is down must not keep a coordinator from starting. */
  async start(): Promise<void> {
    const identity = readIdentityFile(this.config.identityFile);
    this.identity = this.listedIdentity(identity);
    const node = await dialOnlyNode(this.genesis, identity, this.config.dialTimeoutMs);
    await node.start();
    this.node = node;
    this.keeper = keepConnected(node, [...this.peers.values()], {
      ...RECONNECT,
      lastMs: this.config.reconnectMsMax,
      dialMs: this.config.dialTimeoutMs,
    });
  }

  async stop(): Promise<void> {
    this.keeper?.stop();
    await this.node?.stop();
    this.keeper = undefined;
    this.node = undefined;
  }

  async health(): Promise<PortHealth> {
    const connected = this.connected().length;
    if (connected >= this.genesis.threshold) return { state: 'ok' };
    const reason = `connected to ${connected} of ${this.peers.size} validators, ${this.genesis.threshold} are needed`;
    return { state: connected === 0 ? 'down' : 'degraded', reason };
  }

  describe(): Readonly<Record<string, string>> {
    return { identity: this.identity, validators: String(this.peers.size), connected: String(this.connected().length) };
  }

  connected(): readonly ValidatorId[] {
    return this.keeper?.connected() ?? [];
  }

  async ask(validator: ValidatorId, request: Uint8Array, context: EffectContext): Promise<Answer> {
    context.signal.throwIfAborted();
    const peer = this.peers.get(validator);
    if (peer === undefined) return no(validator, 'input.validator-unlisted', 'is not in the roster');
    if (request.length > MESSAGE_BYTES_MAX)
      return no(validator, 'input.request-oversized', `would be sent ${request.length} bytes`);
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(Math.max(0, context.deadlineMs - Date.now()))]);
    if (!(await this.reach(peer, signal))) {
      context.signal.throwIfAborted();
      return no(validator, 'unavailable.validator-unreachable', this.whyUnreachable(validator));
    }
    try {
      const response = await askOverStream((until) => this.openStream(peer, until), request, signal);
      return { validator, ok: true, response };
    } catch (error) {
      context.signal.throwIfAborted();
      return no(validator, 'unavailable.validator-silent', error instanceof Error ? error.message : String(error));
    }
  }

  askMany(
    requests: ReadonlyMap<ValidatorId, Uint8Array>,
    context: EffectContext,
    options: AskManyOptions = {},
  ): Promise<readonly Answer[]> {
    return askMany((validator, request, one) => this.ask(validator, request, one), requests, context, options);
  }

  /** A connection that exists, or one more attempt now; the keeper goes on trying in any case. */
  private async reach(peer: KeptPeer, signal: AbortSignal): Promise<boolean> {
    const node = this.running();
    if (node.getConnections(peer.peer).length > 0) return true;
    if (peer.addresses.length === 0) return false;
    try {
      await node.dial([...peer.addresses], {
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.config.dialTimeoutMs * peer.addresses.length)]),
      });
      return true;
    } catch {
      return node.getConnections(peer.peer).length > 0;
    }
  }

  private openStream(peer: KeptPeer, signal: AbortSignal) {
    return this.running().dialProtocol(peer.peer, CUSTODY_PROTOCOL, { signal });
  }

  private whyUnreachable(validator: ValidatorId): string {
    const addresses = this.genesis.validators.find((entry) => entry.id === validator)?.addresses.join(', ');
    const last = this.keeper?.lastFailure(validator);
    return `could not be reached at ${addresses || 'any address'}${last === undefined ? '' : `: ${last}`}`;
  }

  private listedIdentity(identity: KeyObject): string {
    const hex = identityHex(identity);
    if (this.genesis.coordinators.includes(hex)) return hex;
    throw new FirebreakFailure(
      'policy.coordinator-unlisted',
      `identity ${hex} in ${this.config.identityFile} is not a coordinator of network ${this.genesis.name}`,
      { identity: hex },
    );
  }

  private running(): Libp2p {
    if (this.node === undefined)
      throw new FirebreakFailure('bug.network-not-started', 'the validator network was used before start');
    return this.node;
  }
}

const no = (validator: ValidatorId, code: NetworkLibp2pFailureCode, what: string): Answer => ({
  validator,
  ok: false,
  code,
  message: `${validatorName(validator)} ${what}`,
});
