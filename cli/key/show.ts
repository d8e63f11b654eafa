import { withClient } from '../coordinator.ts';
import { readWholeNumber } from '../duration.ts';
import { writeDocument } from '../files.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { activeKey, certificateOf } from './keys.ts';
import { askReports, standingOf, standingText } from './standing.ts';

/** The newest key, or that of an epoch; its certificate is checked against the pinned identities before anything is shown. */
export async function showKey(
  options: { readonly data: string; readonly out?: string },
  epoch?: string,
): Promise<Outcome> {
  const operator = readOperator(options.data);
  const wanted = epoch === undefined ? undefined : readWholeNumber(epoch, 'epoch', 1, 1_000_000);
  return withClient(operator, async (client) => {
    const { key, ceremony } = await activeKey(client, operator, wanted);
    const certificate = await certificateOf(operator, key);
    if (options.out !== undefined) writeDocument(options.out, 'certificate', certificate);
    const { package: body, signatures } = certificate;
    const standing = standingOf(body.keyset, await askReports(operator));
    return {
      data: { ceremony, certificate, standing },
      lines: [
        `key of epoch ${body.epoch}: certificate VALID, signed by all ${signatures.length} participants`,
        `  state      ${standingText(standing)}`,
        `  keyset     ${body.keyset}`,
        `  group key  ${body.groupKey}`,
        `  quorum     ${body.threshold} of ${body.participants.length}`,
        `  ceremony   ${ceremony}`,
        ...(options.out === undefined ? [] : [`written to ${options.out}`]),
      ],
      next: `ceremony evidence ${ceremony} --out ${ceremony}.json`,
    };
  });
}
