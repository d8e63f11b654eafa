import { domainApprovalFailures } from '../domain/approval/failures.ts';
import { domainAuditFailures } from '../domain/audit/failures.ts';
import { domainEpochFailures, domainGrantFailures, domainOrderFailures } from '../domain/committee/failures.ts';
import type { FailureTable } from '../domain/errors/failure.ts';
import { domainIncidentFailures } from '../domain/incident/failures.ts';
import { playbookFailures } from '../domain/playbook/failures.ts';
import { playbookRunFailures } from '../domain/playbook/run-failures.ts';
import { domainVaultFailures } from '../domain/vault/failures.ts';
import { custodyPolicyFailures } from '../domain/vault/payout-failures.ts';
import { pluginsHostFailures } from '../plugins/host/failures.ts';
import { pluginsKeystoreFailures } from '../plugins/keystore/failures.ts';
import { networkLibp2pFailures } from '../plugins/network/libp2p/failures.ts';
import { thresholdVerifyFailures } from '../threshold/verify/failures.ts';
import { wireDocumentsFailures } from '../wire/documents/failures.ts';
import { wireEnvelopeFailures } from '../wire/failures.ts';
import { wireStreamFailures } from '../wire/stream/failures.ts';
import { cliFailures } from './failures.ts';

/** Codes whose remedy this tool can print; a code that only another process makes has the remedy of its family. */
export const remedyTables: readonly FailureTable[] = [
  cliFailures,
  custodyPolicyFailures,
  domainApprovalFailures,
  domainAuditFailures,
  domainEpochFailures,
  domainGrantFailures,
  domainIncidentFailures,
  domainOrderFailures,
  domainVaultFailures,
  playbookFailures,
  playbookRunFailures,
  networkLibp2pFailures,
  pluginsHostFailures,
  pluginsKeystoreFailures,
  thresholdVerifyFailures,
  wireDocumentsFailures,
  wireEnvelopeFailures,
  wireStreamFailures,
];
