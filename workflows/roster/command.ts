import { accept, type Refusal, type Verdict } from '../../domain/errors/failure.ts';

export const MISSHAPEN: Refusal = {
  code: 'input.document-field',
  message: 'a command names what to do, a validator, a run and the effect',
};

const TEXT_MAX = 1_000;
const VALIDATOR_MAX = 65_535;
const isText = (value: unknown): boolean =>
  typeof value === 'string' && value.length <= TEXT_MAX && value.isWellFormed();

/** Whether the roster can hold what it is told: outside data, whatever its type says. */
export function judgeRosterCommand(command: unknown): Verdict<undefined> {
  const no: Verdict<undefined> = { ok: false, refusal: MISSHAPEN };
  if (typeof command !== 'object' || command === null) return no;
  const said = command as Readonly<Record<string, unknown>>;
  const { validator, key, run, step, reason } = said;
  if (!Number.isSafeInteger(validator) || Number(validator) < 1 || Number(validator) > VALIDATOR_MAX) return no;
  if (!isText(key) || key === '' || !isText(run) || run === '') return no;
  if (said['do'] === 'resume') return accept(undefined);
  return said['do'] === 'pause' && isText(step) && isText(reason) ? accept(undefined) : no;
}
