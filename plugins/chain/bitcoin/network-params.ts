import { networks } from 'bitcoinjs-lib';
import type { BitcoinNetwork } from '../../../domain/network/network.ts';

/**
 * A block that every chain of the network contains. Without one, an empty index would have nothing to measure the first difficulty
 * against that a node shows it, and a chain of minimum work would pass for Bitcoin.
 */
export type Checkpoint = {
  readonly height: number;
  /** Display order. */
  readonly hash: string;
  /** The chain has at least the work of so many blocks of the checkpoint's difficulty above it; a forger has to mine them. */
  readonly blocksAboveMin: number;
};

export type NetworkParams = {
  readonly network: BitcoinNetwork;
  /** Display order; testnet has two living chains (3 and 4), and the index remembers which one it began with. */
  readonly genesisHashes: readonly string[];
  /** Easiest target that a block may claim. */
  readonly targetMax: bigint;
  /** `retarget`: mainnet's rule every 2,016 blocks · `constant`: regtest · `any`: testnet lets difficulty drop at will. */
  readonly difficulty: 'retarget' | 'constant' | 'any';
  /** Absent where a checkpoint would prove nothing: on testnet anybody may mine on at minimum difficulty. */
  readonly checkpoint?: Checkpoint;
  readonly addresses: typeof networks.bitcoin;
};

const REGTEST_GENESIS = '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206';

const PARAMS: Readonly<Record<BitcoinNetwork, NetworkParams>> = {
  mainnet: {
    network: 'mainnet',
    genesisHashes: ['000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'],
    targetMax: 0xffffn << 208n,
    difficulty: 'retarget',
    // Bitcoin Core 30.0, src/kernel/chainparams.cpp, m_assumeutxo_data; its header, which hashes to this, is in checkpoint.test.ts.
    checkpoint: {
      height: 910_000,
      hash: '0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821',
      blocksAboveMin: 2_016,
    },
    addresses: networks.bitcoin,
  },
  testnet: {
    network: 'testnet',
    genesisHashes: [
      '000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943',
      '00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043',
    ],
    targetMax: 0xffffn << 208n,
    difficulty: 'any',
    addresses: networks.testnet,
  },
  regtest: {
    network: 'regtest',
    genesisHashes: [REGTEST_GENESIS],
    targetMax: 0x7fffffn << 232n,
    difficulty: 'constant',
    checkpoint: { height: 0, hash: REGTEST_GENESIS, blocksAboveMin: 0 },
    addresses: networks.regtest,
  },
};

export const paramsOf = (network: BitcoinNetwork): NetworkParams => PARAMS[network];
