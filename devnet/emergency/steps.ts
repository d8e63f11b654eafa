import { validatorName } from '../../domain/network/network.ts';
import { MEMBER_COUNT, QUORUM } from '../layout.ts';
import type { Step } from '../steps.ts';
import { alertOpens, frozen, looked, paged, startCopy, vaultsWithCoins } from './brake.ts';
import { approved, lifted } from './decision.ts';
import { exportedAndVerified } from './evidence.ts';
import { newKey, over, swept } from './outcome.ts';
import { type EmergencyStage, VAULT_COUNT } from './stage.ts';

/** From a stolen folder to payouts under another key, each step looked for in the world and not in what was just done. */
export function emergencySteps(stage: EmergencyStage): readonly Step[] {
  return [
    { title: `${VAULT_COUNT} vaults with coins`, run: () => vaultsWithCoins(stage) },
    { title: `a copy of ${validatorName(stage.suspect)} is started`, run: () => startCopy(stage) },
    { title: 'alert, from Prometheus to an open incident', run: () => alertOpens(stage) },
    { title: 'payouts frozen by the standing order', run: () => frozen(stage) },
    { title: 'people are paged', run: () => paged(stage) },
    { title: 'evidence, and somebody looks at the machine', run: () => looked(stage) },
    { title: `${QUORUM.lift} of ${MEMBER_COUNT} members approve the exact plan`, run: (say) => approved(stage, say) },
    { title: 'a new key without the suspect', run: () => newKey(stage) },
    { title: 'the coins move to it', run: () => swept(stage) },
    { title: 'payouts again, by a signed lift', run: (say) => lifted(stage, say) },
    { title: 'the incident is over', run: () => over(stage) },
    { title: 'evidence, verified with nothing but the file', run: () => exportedAndVerified(stage) },
  ];
}
