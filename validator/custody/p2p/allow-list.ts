import type { PeerId } from '@libp2p/interface';
import type { NetworkGenesis, ValidatorId } from '../../../domain/network/network.ts';
import { identityOf } from '../../../wire/stream/host-identity.ts';

/**
 * Who may speak: the pinned roster and its coordinators, by host identity. Addresses decide nothing, discovery does not exist.
 */
export class AllowList {
  private readonly validators: ReadonlyMap<string, ValidatorId>;
  private readonly coordinators: ReadonlySet<string>;

  constructor(genesis: NetworkGenesis) {
    this.validators = new Map(genesis.validators.map((entry) => [entry.identity, entry.id]));
    this.coordinators = new Set(genesis.coordinators);
  }

  validatorOf(peer: PeerId): ValidatorId | undefined {
    return this.validators.get(identityOf(peer) ?? '');
  }

  /** May connect and ask. */
  admits(peer: PeerId): boolean {
    const identity = identityOf(peer);
    return identity !== undefined && (this.validators.has(identity) || this.coordinators.has(identity));
  }

  /** May announce: only validators gossip. */
  mayAnnounce(peer: PeerId): boolean {
    return this.validatorOf(peer) !== undefined;
  }
}
