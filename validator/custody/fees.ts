import type { Envelope } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { FeeSeenSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentParts } from './parts.ts';
import { ABOUT_NOTHING, say } from './statements.ts';

const ASK_NODE_MS = 5_000;

/** What the own node says that a payout costs: who makes a release request takes the middle of many such statements. */
export async function feeStatement(parts: AgentParts, targetBlocks: number): Promise<Envelope> {
  const context = { signal: AbortSignal.timeout(ASK_NODE_MS), deadlineMs: Date.now() + ASK_NODE_MS };
  const estimate = await parts.fees.estimate(targetBlocks, context);
  return say(
    parts,
    Round.FEE_SEEN,
    ABOUT_NOTHING,
    FeeSeenSchema,
    estimate.kind === 'estimate'
      ? { satsPerKvb: BigInt(estimate.satsPerKvb) }
      : { floorSatsPerKvb: BigInt(estimate.floorSatsPerKvb), reason: estimate.reason.slice(0, 200) },
  );
}
