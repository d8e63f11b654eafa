import { expect } from '@jest/globals';
import type { Terms } from '../../domain/vault/terms.ts';
import { vaultIdOf } from '../../domain/vault/terms.ts';
import {
  OPEN_VAULT,
  type OpenVaultInput,
  type OpenVaultResult,
  startOpenVault,
} from '../../workflows/open-vault/messages.ts';
import { BLOB, everyone, heard, KEY, NETWORK, THRESHOLD, VALIDATORS } from './rig/scripted.ts';
import { onSkippingServer, type Script, type SkippingServer, taking } from './rig/skipping.ts';

const { waiting } = onSkippingServer();
const PATIENCE_SECONDS = 600;

let vaults = 0;
const open = (server: SkippingServer, script: Script, change: Partial<OpenVaultInput> = {}) => {
  vaults += 1;
  const terms: Terms = {
    version: 1,
    environment: 'development',
    network: NETWORK,
    bitcoinNetwork: 'regtest',
    purpose: `a loan of test ${vaults}`,
    payoutScript: `0014${'42'.repeat(20)}`,
    deposit: { amountSats: 1_000_000, deadlineHeight: 1_000 },
    maximumFeeSats: 10_000,
    ownerKey: '11'.repeat(32),
    releaseKey: '22'.repeat(32),
    salt: '33'.repeat(16),
  };
  const vault = vaultIdOf(terms);
  const registered = { vault, script: '51', address: 'bcrt1p', threshold: THRESHOLD, validators: VALIDATORS.length };
  const smooth: Script = {
    registerVault: async () => registered,
    askCertificateHeld: taking(() => everyone),
    askTermsHeld: taking(() => everyone),
    recordVault: async () => BLOB,
  };
  const input = { network: NETWORK, signedTerms: { terms, signature: '00'.repeat(64) }, key: KEY, watchFromHeight: 1 };
  return server.live<OpenVaultInput, OpenVaultResult>(
    OPEN_VAULT,
    (taskQueue) => startOpenVault({ ...input, ...change }, taskQueue),
    { ...smooth, ...script },
  );
};

/** What is needed is short by one until `seconds` have passed. */
function lateBy(server: SkippingServer, seconds: number, needed: number, phases: Set<string>) {
  let firstMs: number | undefined;
  return taking(async () => {
    const nowMs = await server.nowMs();
    firstMs ??= nowMs;
    phases.add((await server.page()).phase);
    return heard(nowMs - firstMs >= seconds * 1_000 ? needed : needed - 1);
  });
}

for (const [effect, phase, needed] of [
  ['askCertificateHeld', 'certificate', VALIDATORS.length],
  ['askTermsHeld', 'holding-terms', THRESHOLD],
] as const) {
  waiting(
    `${needed} of ${VALIDATORS.length} are waited for in ${phase}, and the last one may come late`,
    async (server) => {
      const phases = new Set<string>();
      const { result, tookSeconds } = await open(server, { [effect]: lateBy(server, 540, needed, phases) });
      expect(result).toMatchObject({ outcome: 'open', script: '51' });
      expect(tookSeconds).toBeGreaterThanOrEqual(540);
      expect([...phases]).toEqual([phase]);
    },
  );

  waiting(
    `${needed - 1} of ${VALIDATORS.length} in ${phase} give no address, and who is missing is named`,
    async (server) => {
      const { result, tookSeconds } = await open(server, { [effect]: lateBy(server, Infinity, needed, new Set()) });
      const missing = VALIDATORS.slice(needed - 1);
      expect(result).toMatchObject({
        outcome: 'refused',
        refusal: { code: 'unavailable.validators', details: { missing } },
      });
      expect(tookSeconds).toBeGreaterThanOrEqual(PATIENCE_SECONDS);
      expect(tookSeconds).toBeLessThan(PATIENCE_SECONDS + 60);
    },
  );
}

for (const [afterSeconds, outcome] of [
  [7_000, 'open'],
  [Infinity, 'refused'],
] as const) {
  waiting(`a patience of two hours is kept to its end: ${outcome}`, async (server) => {
    const askTermsHeld = lateBy(server, afterSeconds, THRESHOLD, new Set());
    const { result, tookSeconds } = await open(server, { askTermsHeld }, { patienceSeconds: 7_200 });
    expect(result.outcome).toBe(outcome);
    expect(tookSeconds).toBeGreaterThanOrEqual(Math.min(afterSeconds, 7_200));
  });
}
