import { pinnedParticipants } from '../../domain/ceremony/participants.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { GENERATE_KEY, type GenerateKeyResult, startGenerateKey } from '../../workflows/generate-key/messages.ts';
import { confirm } from '../ask.ts';
import { withClient } from '../coordinator.ts';
import { readWholeNumber } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import type { Screen } from '../screen.ts';
import { waitForResult } from '../waiting.ts';
import { keyRuns, resultOf } from './keys.ts';

export type GenerateKeyOptions = {
  readonly data: string;
  readonly epoch?: string;
  readonly purpose: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
};

/** Starts, or joins, the process that makes the key of one epoch. */
export async function generateKey(screen: Screen, options: GenerateKeyOptions): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const epoch =
      options.epoch === undefined
        ? ((await keyRuns(client, operator)).at(-1)?.epoch ?? 0) + 1
        : readWholeNumber(options.epoch, '--epoch', 1, 1_000_000);
    const done = await resultOf(client, operator, epoch);
    if (done?.outcome === 'active') return existing(epoch, done);
    await confirm(screen, {
      text: `Make the key of epoch ${epoch} between the ${pinnedParticipants(operator.genesis).length} validators that are no spares?`,
      flag: '--yes',
      given: options.yes === true,
    });
    const start = startGenerateKey(
      { network: operator.genesis.name, epoch, purpose: options.purpose },
      operator.temporal.taskQueue,
    );
    const handle = await client.workflow.start(GENERATE_KEY, start);
    if (options.wait === false) {
      return {
        data: { workflowId: handle.workflowId, epoch },
        lines: [`started ${handle.workflowId}`],
        next: `ceremony show ${handle.workflowId}`,
      };
    }
    const result = await waitForResult<GenerateKeyResult>(options.json ? undefined : screen, handle);
    if (result.outcome === 'failed') {
      throw new FirebreakFailure(
        result.refusal.code,
        `key of epoch ${epoch}: ${result.refusal.message}`,
        result.refusal.details,
      );
    }
    return active(epoch, result);
  });
}

/** Nothing was made: whoever asked must not take this key for a new one. */
export function existing(epoch: number, result: Extract<GenerateKeyResult, { outcome: 'active' }>): Outcome {
  const { data, lines, ...rest } = active(epoch, result);
  return {
    ...rest,
    data: { ...data, existing: true },
    lines: [
      `key of epoch ${epoch} is there already; no new key was made`,
      ...lines.slice(1),
      '  a new key: leave out --epoch, or name one that "key list" does not show',
    ],
  };
}

function active(epoch: number, result: Extract<GenerateKeyResult, { outcome: 'active' }>): Outcome {
  return {
    data: { epoch, existing: false, ...result },
    lines: [
      `key of epoch ${epoch} is ACTIVE`,
      `  keyset     ${result.key.keyset}`,
      `  group key  ${result.groupKey}`,
      `  ceremony   ${result.ceremony}, attempt ${result.attempts}`,
    ],
    next: 'vault open --owner-key <file> --pay-to <address> --amount <sats>',
  };
}
