import { basename } from 'node:path';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type Attachment, ATTACHMENTS_MAX } from '../../domain/incident/timeline.ts';
import { ROLES } from '../../domain/playbook/plan.ts';
import { addNote, handRole } from '../../workflows/incident/messages.ts';
import { writeBlob } from '../blobs.ts';
import { withClient } from '../coordinator.ts';
import { readBounded } from '../files.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { mustBeIncident, send } from './find.ts';

export type NoteOptions = {
  readonly data: string;
  readonly by: string;
  readonly attach: readonly string[];
  readonly say?: boolean;
};

/** A line for the timeline. Attached files go to the blob store; the timeline carries their digests. */
export async function note(options: NoteOptions, id: string, text: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  if (options.attach.length > ATTACHMENTS_MAX)
    throw new FirebreakFailure('input.usage', `at most ${ATTACHMENTS_MAX} files to a note`);
  const workflowId = mustBeIncident(operator, id);
  const attachments: Attachment[] = [];
  for (const path of options.attach)
    attachments.push({
      name: basename(path).slice(0, 100),
      blob: await writeBlob(operator, readBounded(path, 'attachment')),
    });
  return withClient(operator, async (client) => {
    const given = { by: options.by, text, attachments, say: options.say === true };
    await send(client, () => client.workflow.getHandle(workflowId).executeUpdate(addNote, { args: [given] }));
    return {
      data: { incident: workflowId, attachments },
      lines: [
        `noted in ${workflowId}${given.say ? ', and told over every channel' : ''}`,
        ...attachments.map(({ name, blob }) => `  attached ${name}: ${blob.digest}`),
      ],
      next: `incident show ${id}`,
    };
  });
}

export type RoleOptions = { readonly data: string; readonly by: string };

/** Who has a role from now on. */
export async function giveRole(options: RoleOptions, id: string, given: string, to: string): Promise<Outcome> {
  const operator = readOperator(options.data);
  const role = ROLES.find((each) => each === given);
  if (role === undefined) throw new FirebreakFailure('input.usage', `a role is one of ${ROLES.join(', ')}`);
  const workflowId = mustBeIncident(operator, id);
  return withClient(operator, async (client) => {
    const { holder } = await send(client, () =>
      client.workflow.getHandle(workflowId).executeUpdate(handRole, { args: [{ role, to, by: options.by }] }),
    );
    return {
      data: { incident: workflowId, role, holder },
      lines: [`${role} of ${workflowId} is ${holder}`],
      next: `incident show ${id}`,
    };
  });
}
