import { resolve } from 'node:path';
import { PORT_BASE_MAX, PORT_BASE_MIN } from '../../toolchain/devnet-ports.mjs';
import { checkMachine } from '../../toolchain/doctor.mjs';
import { readWholeNumber } from '../duration.ts';
import { EXIT } from '../exit.ts';
import type { Outcome } from '../outcome.ts';
import { typed } from '../report.ts';
import { checkNetwork } from './network.ts';

export type Finding = {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly detail: string;
  /** Empty when ok. */
  readonly remedy: string;
};

const WORDS = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' } as const;

/** The machine, then the network in the data folder; exit code 1 when something needs a hand. */
export async function doctor(options: { readonly data: string; readonly portBase?: string }): Promise<Outcome> {
  const machine = {
    dataFolder: resolve(options.data),
    ...(options.portBase === undefined
      ? {}
      : { portBase: readWholeNumber(options.portBase, '--port-base', PORT_BASE_MIN, PORT_BASE_MAX) }),
  };
  const findings: readonly Finding[] = [...(await checkMachine(machine)), ...(await checkNetwork(options.data))];
  const problems = findings.filter((finding) => finding.state === 'problem').length;
  const warnings = findings.filter((finding) => finding.state === 'warning').length;
  return {
    data: { findings, problems, warnings },
    lines: [
      ...findings.flatMap(({ name, state, detail, remedy }) => [
        `${WORDS[state]}  ${name}: ${detail.replaceAll('\n', '\n           ')}`,
        ...(remedy === '' ? [] : [`           remedy: ${typed(remedy)}`]),
      ]),
      `${problems === 0 ? 'no problem' : counted(problems, 'problem')}, ${counted(warnings, 'warning')}`,
    ],
    exitCode: problems === 0 ? EXIT.done : EXIT.refused,
  };
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
