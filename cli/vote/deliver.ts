import { ballotDigest, type SignedVote } from '../../domain/approval/vote.ts';
import type { VoteReceipt } from '../../workflows/run-playbook/messages.ts';
import { castVote, workflowOfRun } from '../../workflows/run-playbook/messages.ts';
import { laterCommittee } from '../committee/later.ts';
import { withClient } from '../coordinator.ts';
import { readVote } from '../documents.ts';
import { writeDocument } from '../files.ts';
import { runNamed, theOpen, viewOf } from '../incident/find.ts';
import { haveItFollow, sendSigned } from '../incident/following.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';

export type FetchOptions = { readonly data: string; readonly out: string; readonly step?: string };

/** The request that is open in a run, as a file that a member can carry to a machine without network. */
export async function fetchRequest(options: FetchOptions, id: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const workflowId = runNamed(operator, id);
    // A request that names a committee of before would be signed for nothing.
    await haveItFollow(client, workflowId);
    const { approvals } = await viewOf(client, workflowId);
    const { request } = theOpen(approvals, (each) => each.request.subject.step, options.step, 'approval');
    writeDocument(options.out, 'vote request', request);
    return {
      data: { file: options.out, request },
      lines: [`the request of step ${request.subject.step} is in ${options.out}`],
      next: `approve ${options.out} --playbook <file> --key <member key file> --send`,
    };
  });
}

/** Hands a signed vote to the run that it names; delivered again, it is the same vote. */
export async function deliver(operator: Operator, vote: SignedVote): Promise<VoteReceipt> {
  const { subject, ballot } = vote;
  const updateId = `vote-${ballotDigest(subject, ballot)}`;
  const workflowId = workflowOfRun(subject.run);
  return withClient(operator, (client) =>
    sendSigned(client, workflowId, () =>
      client.workflow.getHandle(workflowId).executeUpdate(castVote, { args: [vote], updateId }),
    ),
  );
}

/**
 * What is said of a vote that was counted. A run that has not heard of a hand-over counts votes of the committee before, until it looks; that
 * these will be void is warned of as far as validators say so.
 */
export async function saidOf(
  { data }: { readonly data: string },
  { subject }: SignedVote,
  { have, need }: VoteReceipt,
): Promise<{ readonly data: object; readonly lines: readonly string[] }> {
  const later = await laterCommittee({ data }, subject.committeeEpoch);
  const warning = later && `this vote will be void, fetch the request again: ${later}`;
  return {
    data: { have, need, ...(warning === undefined ? {} : { warning }) },
    lines: [
      `counted: ${have} of ${need} seats have approved step ${subject.step}`,
      ...(warning === undefined ? [] : [`  WARNING ${warning}`]),
    ],
  };
}

/** Hands over a vote that was signed elsewhere. */
export async function sendVote(options: { readonly data: string }, file: string): Promise<Outcome> {
  const vote = readVote(file);
  const said = await saidOf(options, vote, await deliver(readOperator(options.data), vote));
  return { data: { run: vote.subject.run, step: vote.subject.step, ...said.data }, lines: said.lines };
}
