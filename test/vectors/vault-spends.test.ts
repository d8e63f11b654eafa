import { startBtcd } from '../../devnet/bitcoin/btcd.ts';
import { toolPath } from '../../toolchain/tools.mjs';
import { vaultSpendsOn } from './rig/vault-spends.ts';

vaultSpendsOn('btcd', async (options) => startBtcd({ ...options, binary: await toolPath('btcd') }));
