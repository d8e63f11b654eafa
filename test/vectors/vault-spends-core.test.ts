import { startBitcoinCore } from '../../devnet/bitcoin/bitcoin-core.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { vaultSpendsOn } from './rig/vault-spends.ts';

vaultSpendsOn('Bitcoin Core', async (options) => startBitcoinCore({ ...options, binary: await toolPath('bitcoind') }));
