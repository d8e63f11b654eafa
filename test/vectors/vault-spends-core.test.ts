import { bitcoindPath, startBitcoinCore } from '../../devnet/bitcoin/bitcoin-core.ts';
import { vaultSpendsOn } from './rig/vault-spends.ts';

vaultSpendsOn('Bitcoin Core', async (options) => startBitcoinCore({ ...options, binary: await bitcoindPath() }));
