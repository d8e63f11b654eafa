import { failureOf } from '../../domain/errors/failure.ts';
import { judgeEndorsement } from '../../domain/playbook/endorsement.ts';
import type { Plan } from '../../domain/playbook/plan.ts';
import type { Problem } from '../../language/problem.ts';
import { presentAuthority } from '../authority.ts';
import { EXIT } from '../exit.ts';
import type { Outcome } from '../outcome.ts';
import { readEndorsement } from './endorsement.ts';
import { loadFile, type PlaybookOptions } from './sources.ts';

/** Says whether a playbook can be loaded, with every problem that was found; with a network, also whether its signatures hold. */
export function validatePlaybook(file: string, options: PlaybookOptions): Outcome {
  const loaded = loadFile(file, options);
  if (!loaded.ok) return refusedPlaybook(loaded.problems);
  const { plan, digest } = loaded;
  const signed = options.network === undefined ? undefined : readEndorsement(file);
  const authority = options.network === undefined ? undefined : presentAuthority({ data: '.', ...options });
  const verdict = signed && authority && judgeEndorsement(signed, authority, plan.name, digest);
  if (verdict?.ok === false) throw failureOf(verdict.refusal);
  return {
    data: { valid: true, signed: verdict?.ok === true, name: plan.name, digest, plan },
    lines: [
      `${plan.name}: VALID`,
      `  title   ${plan.title}`,
      `  digest  ${digest}`,
      ...(verdict?.ok ? [`  signed  by the committee of epoch ${verdict.value.committeeEpoch}`] : []),
      ...(options.network !== undefined && signed === undefined ? ['  signed  by nobody'] : []),
      ...(options.network === undefined ? ['  quorums were not judged: no --network was given'] : []),
    ],
    next: ['playbook plan', file, ...inputsOf(plan)].join(' '),
  };
}

/** What has to be given, since it has no default. */
const inputsOf = ({ inputs }: Plan): readonly string[] =>
  Object.entries(inputs).flatMap(([name, { type, default: usual }]) =>
    usual === undefined ? [`--input ${name}=<${type}>`] : [],
  );

/** Exit 1 when only rules stand against it, 2 when the text has to be corrected. */
export function refusedPlaybook(problems: readonly Problem[]): Outcome {
  return {
    data: { valid: false, problems },
    lines: [
      ...problems.flatMap(({ code, file, line, column, field, message, remedy }) => [
        `${file}:${line}:${column} ${field}: ${message}`,
        `  ${code}; remedy: ${remedy}`,
      ]),
      `NOT VALID: ${problems.length} problem${problems.length === 1 ? '' : 's'}`,
    ],
    exitCode: problems.every(({ code }) => code.startsWith('policy.')) ? EXIT.refused : EXIT.usage,
  };
}
