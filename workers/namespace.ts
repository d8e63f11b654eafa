import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import type { NativeConnection } from '@temporalio/worker';
import type { ActivityLogger } from '../activities/dependencies.ts';
import { RETENTION_DAYS, SEARCH_ATTRIBUTES } from '../workflows/settings.ts';

/** temporal.api.enums.v1.IndexedValueType */
const INDEXED = { Keyword: 2, Int: 3 } as const;
const DAY_MS = 86_400_000;

/**
 * Makes the namespace fit: closed executions stay long enough to be read, and the search attributes exist. A cluster that does
 * not let us change this must have been set up by its operators, so a refusal is a warning and not the end.
 */
export async function prepareNamespace(
  connection: NativeConnection,
  namespace: string,
  logger: ActivityLogger,
): Promise<void> {
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    const kept = config?.workflowExecutionRetentionTtl;
    if (kept === undefined || kept === null || tsToMs(kept) < RETENTION_DAYS * DAY_MS) {
      const workflowExecutionRetentionTtl = msToTs(RETENTION_DAYS * DAY_MS);
      await connection.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
    }
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in (known.customAttributes ?? {})));
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing.map(([name, type]) => [name, INDEXED[type]]));
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    }
  } catch (error) {
    logger.warn(
      { namespace, err: error },
      'could not prepare the namespace; retention or search attributes may be missing',
    );
  }
}
