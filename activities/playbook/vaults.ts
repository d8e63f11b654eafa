import { holdingsOf } from '../holdings.ts';
import type { ProbeBinding } from './binding.ts';

export const vaultProbes: Readonly<Record<string, ProbeBinding>> = {
  'vaults.remaining': {
    results: { vaults: 'int' },
    look: async ({ epoch }, { deps, attempt }) => {
      const holdings = await holdingsOf(deps, attempt, Number(epoch));
      return { vaults: holdings.reduce((count, { vaults }) => count + vaults.length, 0) };
    },
  },
};
