import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { validatorId, validatorName } from '../../domain/network/network.ts';
import { EXIT } from '../exit.ts';
import { readOperator } from '../operator.ts';
import { endOfFreeze } from '../order/words.ts';
import type { Outcome } from '../outcome.ts';
import { askReport } from '../status/reports.ts';
import { readValidator } from '../validators.ts';

/** One validator, or all of them; exit code 3 when one that was asked does not answer. */
export async function validatorStatus(
  options: { readonly data: string; readonly url?: string },
  name?: string,
): Promise<Outcome> {
  const asked =
    options.url === undefined
      ? fromRoster(options.data, name)
      : [{ name: name ?? options.url, url: base(options.url) }];
  const reports = await Promise.all(asked.map(async (one) => ({ ...one, report: await askReport(one.url) })));
  return {
    data: { validators: reports.map(({ name: id, report }) => ({ id, ...report })) },
    lines: reports.map(({ name: id, report }) =>
      report.up
        ? [
            `${id}  ${report.state.toUpperCase().padEnd(12)}  ${report.peers} peers, up ${report.uptimeSeconds} s`,
            ...(report.committeeEpoch === undefined ? [] : [`committee epoch ${report.committeeEpoch}`]),
            ...(report.frozenUntilSeconds === undefined
              ? []
              : [`payouts FROZEN ${endOfFreeze(report.frozenUntilSeconds)} by ${report.frozenBy ?? 'an order'}`]),
          ].join(', ')
        : `${id}  DOWN          ${report.why}`,
    ),
    exitCode: reports.every(({ report }) => report.up) ? EXIT.done : EXIT.unreachable,
  };
}

/** Where the API port answers; a path that was typed with it is the API's own business. Throws `input.usage`. */
function base(url: string): string {
  const parsed = URL.parse(url);
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed.origin;
  throw new FirebreakFailure(
    'input.usage',
    `--url ${url}: write the address of a validator's API port, for example http://127.0.0.1:7314`,
  );
}

function fromRoster(
  data: string,
  name: string | undefined,
): readonly { readonly name: string; readonly url: string }[] {
  const operator = readOperator(data);
  const all = operator.validators.map((url, index) => ({ name: validatorName(validatorId(index + 1)), url }));
  if (name === undefined) return all;
  const id = readValidator(name, operator.genesis);
  const one = all[id - 1];
  if (one === undefined)
    throw new FirebreakFailure('input.data-folder', `the operator file names no address of ${validatorName(id)}`);
  return [one];
}
