import { createAuditActivities } from './audit.ts';
import { believed } from './believed-blobs.ts';
import { createBlameActivities } from './blame.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createCommitteeActivities } from './committee.ts';
import { createDepositActivities } from './deposits.ts';
import { createFeeActivities } from './fees.ts';
import { createKeygenActivities } from './keygen.ts';
import { createNoticeActivities } from './notice/notify.ts';
import { createPayoutActivities } from './payouts.ts';
import { createPlaybookActivities } from './playbook/index.ts';
import { createRunEndingActivities } from './run-ending.ts';
import { createSelfTestActivities } from './self-test.ts';
import { createSettlementActivities } from './settlement.ts';
import { createSigningActivities } from './signing.ts';
import { createSweepActivities } from './sweep.ts';
import { createVaultActivities } from './vaults.ts';

/** Every effect that a workflow can ask for. */
export function createActivities(given: ActivityDependencies) {
  const deps = { ...given, blobs: believed(given.blobs) };
  return {
    ...createKeygenActivities(deps),
    ...createBlameActivities(deps),
    ...createSelfTestActivities(deps),
    ...createVaultActivities(deps),
    ...createDepositActivities(deps),
    ...createPayoutActivities(deps),
    ...createFeeActivities(deps),
    ...createSigningActivities(deps),
    ...createSettlementActivities(deps),
    ...createSweepActivities(deps),
    ...createPlaybookActivities(deps),
    ...createNoticeActivities(deps),
    ...createCommitteeActivities(deps),
    ...createAuditActivities(deps),
    ...createRunEndingActivities(deps),
  };
}

/** Workflows import this type and nothing else from here. */
export type Activities = ReturnType<typeof createActivities>;
