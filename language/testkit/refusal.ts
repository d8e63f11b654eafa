/** One change of the sound playbook, and what must be said about it: code, field, and the place (`‸` in the changed text). */
export type RefusalCase = {
  readonly what: string;
  readonly changes: readonly (readonly [from: string, to: string])[];
  readonly says: readonly (readonly [code: string, field: string, place: string])[];
  readonly message?: RegExp;
};

type Changes = RefusalCase['changes'];
type Says = RefusalCase['says'];
export const refusal = (what: string, changes: Changes, says: Says, message?: RegExp): RefusalCase =>
  message === undefined ? { what, changes, says } : { what, changes, says, message };
