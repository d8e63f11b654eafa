import { join } from 'node:path';
import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { validatorName } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { parseBlameProof } from '../../wire/documents/index.ts';
import { readBlob } from '../blobs.ts';
import { processOf } from '../ceremony/find.ts';
import { withClient } from '../coordinator.ts';
import { writeDocument } from '../files.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { verdictOf } from './verify.ts';

const result = z.object({
  blame: z
    .array(
      z.object({
        validator: z.number().int(),
        proof: z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/), sizeBytes: z.number().int().nonnegative() }),
      }),
    )
    .max(256)
    .default([]),
});

/** What a process proved against validators, judged again here before it is shown. */
export async function showBlame(
  options: { readonly data: string; readonly out?: string },
  id: string,
): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const workflowId = await processOf(client, operator, id);
    const handle = client.workflow.getHandle(workflowId);
    if ((await handle.describe()).status.name === 'RUNNING') {
      throw new FirebreakFailure(
        'not-yet.evidence',
        `${workflowId} still runs; its proofs come with its end. \`firebreak ceremony show ${workflowId}\` says where it stands`,
      );
    }
    const { blame } = result.parse((await handle.result()) ?? {});
    const faults = [];
    for (const { proof } of blame)
      faults.push(await faultIn(operator, proof as Parameters<typeof readBlob>[1], options.out));
    return {
      data: { workflowId, faults: faults.map(({ data }) => data) },
      lines:
        faults.length === 0
          ? [`${workflowId} proved no fault of anybody; that somebody did not answer proves nothing`]
          : [`faults that ${workflowId} proved:`, ...faults.flatMap(({ lines }) => lines)],
      ...(faults.length === 0
        ? {}
        : {
            next: faults[0]?.file === undefined ? `blame show ${id} --out <folder>` : `blame verify ${faults[0].file}`,
          }),
    };
  });
}

async function faultIn(operator: Operator, ref: BlobRef, folder: string | undefined) {
  const proof = parseBlameProof(await readBlob(operator, ref), `proof ${ref.digest.slice(0, 12)}`);
  const found = verdictOf(operator.genesis, proof);
  const name = 'culprit' in found ? validatorName(found.culprit) : 'nobody';
  const file = folder === undefined ? undefined : join(folder, `${name}-${proof.kind}-${ref.digest.slice(0, 12)}.json`);
  if (file !== undefined) writeDocument(file, 'proof', proof);
  const why = 'culprit' in found ? found.why : `is not at fault: ${found.message}`;
  return {
    file,
    data: { digest: ref.digest, kind: proof.kind, ...found, ...(file === undefined ? {} : { file }) },
    lines: [`  ${name} ${why}`, `    proof      ${file ?? ref.digest}`],
  };
}
