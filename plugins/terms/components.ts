import type { NetworkGenesis } from '../../domain/network/network.ts';

/** What every terms plug-in is given: the data folder of the process, and the network that terms must be for. */
export type TermsComponents = {
  readonly dir: string;
  readonly genesis: Pick<NetworkGenesis, 'name' | 'environment' | 'bitcoinNetwork'>;
};
