import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/**
 * Server and client settings that both sides must agree on. Measured on a real server: a worker that is killed inside a
 * workflow task is noticed after `WORKFLOW_TASK_TIMEOUT` and a killed activity after two seconds without heartbeat.
 */
export const WORKFLOW_TASK_TIMEOUT = '3 seconds';
/**
 * Of runs of playbooks, which are promised to go on within three seconds: a worker that is killed dies inside a workflow task more often than
 * not, since each step has several, and the worker that takes over has to replay the run besides. On a machine so busy
 * that a replay takes longer, the server gives more time from the fourth attempt on.
 */
export const RUN_TASK_TIMEOUT = '2 seconds';
/** How long a closed execution stays readable; the development server forgets after 24 hours unless told. */
export const RETENTION_DAYS = 90;
export const DEFAULT_NAMESPACE = 'default';
export const DEFAULT_TASK_QUEUE = 'firebreak';
/** No run grows past this; a run that watches for long continues as new before. */
export const HISTORY_EVENTS_MAX = 1_500;
/**
 * Nor past these bytes: from the first on it continues when nothing is in flight, from the second on it waits for that. A client reads at most
 * four megabytes of a history at once.
 */
export const HISTORY_BYTES_SOFT = 3 * 1_048_576;
export const HISTORY_BYTES_HARD = 12 * 1_048_576;

/** Typed search attributes; SQL visibility has room for 10 Keyword and 3 of every other type. */
export const searchAttributes = {
  /** Where the process stands: a word of the process's own phase type. */
  phase: defineSearchAttributeKey('Phase', SearchAttributeType.KEYWORD),
  /** Who must act next: `AwaitingRole`. */
  awaitingRole: defineSearchAttributeKey('AwaitingRole', SearchAttributeType.KEYWORD),
  /** SEV1 to SEV4, of the incident that a run belongs to. */
  severity: defineSearchAttributeKey('Severity', SearchAttributeType.KEYWORD),
  /** Name of the playbook that is executed. */
  playbook: defineSearchAttributeKey('Playbook', SearchAttributeType.KEYWORD),
  network: defineSearchAttributeKey('Network', SearchAttributeType.KEYWORD),
  keyEpoch: defineSearchAttributeKey('KeyEpoch', SearchAttributeType.KEYWORD),
  /** Whole percent. */
  progress: defineSearchAttributeKey('Progress', SearchAttributeType.INT),
  quorumHave: defineSearchAttributeKey('QuorumHave', SearchAttributeType.INT),
  quorumNeed: defineSearchAttributeKey('QuorumNeed', SearchAttributeType.INT),
} as const;

/** Name → type, as the server registers them. */
export const SEARCH_ATTRIBUTES: Readonly<Record<string, 'Keyword' | 'Int'>> = {
  Phase: 'Keyword',
  AwaitingRole: 'Keyword',
  Severity: 'Keyword',
  Playbook: 'Keyword',
  Network: 'Keyword',
  KeyEpoch: 'Keyword',
  Progress: 'Int',
  QuorumHave: 'Int',
  QuorumNeed: 'Int',
};
