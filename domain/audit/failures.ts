import type { FailureTable } from '../errors/failure.ts';
import type { ChainRefusal } from './chain.ts';

/** Why a record is not the next one of a chain. */
export const domainAuditFailures: FailureTable<ChainRefusal> = {
  'policy.audit-scope': {
    meaning: 'A record belongs to another incident, network or environment than the chain in which it stands.',
    remedy: 'Export the evidence again. A record that was moved on purpose is a reason to look at the coordinator.',
  },
  'policy.audit-count': {
    meaning: 'A record has another number than its place: one before it was taken out, put in or moved.',
    remedy: 'Export the evidence again and compare both files; the message says where they part.',
  },
  'policy.audit-previous': {
    meaning: 'A record does not carry the digest of the one before it: one of the two was changed.',
    remedy: 'Export the evidence again and compare both files; the message says where they part.',
  },
  'input.audit-record': {
    meaning: 'A record is larger than any that this build writes, or a chain has more records than it may.',
    remedy: 'Compare the versions of whoever wrote and whoever reads it; what is already signed stays valid.',
  },
};
