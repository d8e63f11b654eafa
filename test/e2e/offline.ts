import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { VaultEvidence } from '../../domain/ceremony/evidence.ts';
import { NETWORK_NAME } from '../../devnet/layout.ts';
import { confirmDepositId } from '../../workflows/confirm-deposit/messages.ts';
import { openVaultId } from '../../workflows/open-vault/messages.ts';
import { generateKeyId } from '../../workflows/generate-key/messages.ts';
import { liveTest } from './rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { done, on, operator, refusalIn } from './rig/operator.ts';
import { fundedVault, leftBehind, startPayout, untilSettled } from './rig/payouts.ts';
import { chance } from './rig/seed.ts';

/** A machine that has the pinned network file and what was exported, and can reach nobody. */
export function offlineScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'offline');
  const { below } = chance('offline');

  const elsewhere = (net: LiveNetwork): { readonly folder: string; readonly args: readonly string[] } => {
    const folder = join(net.data, '..', 'elsewhere');
    mkdirSync(folder, { recursive: true });
    const network = join(folder, 'network.json');
    copyFileSync(net.layout.network, network);
    return { folder, args: ['--network', network, '--data', join(folder, 'no-data-folder')] };
  };

  scene(
    'vault show computes the same address from an offline copy, and nothing when statements are missing',
    live,
    async (net) => {
      const { folder, args } = elsewhere(net);
      const funded = await fundedVault(net);
      leftBehind.push(funded);
      const { opened } = funded;
      const file = join(folder, 'vault.json');
      await done(on(net, 'ceremony', 'evidence', openVaultId(NETWORK_NAME, opened.vault), '--out', file));
      const shown = await done(operator(['vault', 'show', '--statements', file, ...args]));
      expect(shown).toMatchObject({ vault: opened.vault, address: opened.address });

      const whole = JSON.parse(readFileSync(file, 'utf8')) as VaultEvidence;
      const lacking: Readonly<Record<string, VaultEvidence>> = {
        'nine-terms': { ...whole, termsHeld: whole.termsHeld.slice(0, 9) },
        'one-counted-twice': { ...whole, termsHeld: [...whole.termsHeld.slice(0, 9), whole.termsHeld[0] ?? ''] },
        'fourteen-certificates': { ...whole, certificateHeld: whole.certificateHeld.slice(1) },
        none: { ...whole, termsHeld: [], certificateHeld: [] },
      };
      for (const [name, evidence] of Object.entries(lacking)) {
        const changed = join(folder, `${name}.json`);
        writeFileSync(changed, JSON.stringify(evidence));
        const answer = await operator(['vault', 'show', '--statements', changed, ...args]);
        expect([name, answer.code, refusalIn(answer)]).toEqual([name, 1, 'policy.not-yet-shown']);
        expect(answer.out + answer.err).not.toContain(opened.address);
      }
    },
  );

  scene('an exported transcript verifies offline, and not with any one bit of it changed', live, async (net) => {
    const { folder, args } = elsewhere(net);
    const funded = await fundedVault(net);
    const handle = await startPayout(net, funded);
    await untilSettled(net, handle);
    const samples: Readonly<Record<string, number>> = {
      [generateKeyId(NETWORK_NAME, 1)]: 20,
      [openVaultId(NETWORK_NAME, funded.opened.vault)]: 30,
      [handle.workflowId]: 60,
      [confirmDepositId(NETWORK_NAME, funded.opened.vault)]: 30,
    };
    for (const [id, positions] of Object.entries(samples)) {
      const file = join(folder, `${id.split('/')[0]}.json`);
      await done(on(net, 'ceremony', 'evidence', id, '--out', file));
      expect(await done(operator(['ceremony', 'verify', file, ...args]))).toMatchObject({ valid: true });
      const good = readFileSync(file);
      const accepted: string[] = [];
      for (let n = 0; n < positions; n += 1) {
        const position = below(good.length);
        const changed = Buffer.from(good);
        changed[position] = (changed[position] ?? 0) ^ (1 << below(8));
        writeFileSync(join(folder, 'changed.json'), changed);
        const { code } = await operator(['ceremony', 'verify', join(folder, 'changed.json'), ...args]);
        const around = good.subarray(Math.max(0, position - 40), position + 20).toString();
        if (code === 0) accepted.push(`byte ${position} of ${file}: …${around}…`);
      }
      expect(accepted).toEqual([]);
    }
  });
}
