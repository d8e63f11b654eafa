import { readBlobJson } from '../blobs.ts';
import { withClient } from '../coordinator.ts';
import { writeDocument } from '../files.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { evidenceFrom } from './document.ts';
import { evidenceOf } from './find.ts';

/** Exports the whole public transcript of a process; `ceremony verify` checks it on any machine with the pinned genesis. */
export async function exportEvidence(
  options: { readonly data: string; readonly out?: string; readonly json?: boolean },
  id: string,
): Promise<Outcome> {
  const operator = readOperator(options.data);
  return withClient(operator, async (client) => {
    const { workflowId, ref } = await evidenceOf(client, operator, id);
    const document = evidenceFrom(await readBlobJson(operator, ref), undefined, `evidence of ${workflowId}`);
    if (options.out === undefined) {
      return { data: document, lines: [JSON.stringify(document, undefined, 2)] };
    }
    writeDocument(options.out, 'evidence', document);
    return {
      data: { file: options.out, workflowId, kind: document.kind, digest: ref.digest },
      lines: [`${document.kind} evidence of ${workflowId}`, `  digest     ${ref.digest}`, `written to ${options.out}`],
      next: `ceremony verify ${options.out}`,
    };
  });
}
