/** What people are waited for, as far as a command can be named that does it. */
export const ASK_KINDS = ['vote', 'form', 'order', 'halted', 'failed', 'frozen'] as const;
export type Asks = {
  readonly kind: (typeof ASK_KINDS)[number];
  /** The workflow of the run; of the incident where its run has failed, and where a freeze outlives it. */
  readonly of: string;
  readonly step?: string;
};

/** Nothing that a shell reads as anything but a name: a standing may come from whoever reaches the engine. */
const NAME = /^[A-Za-z0-9._/-]{1,300}$/;
const STEP = /^[A-Za-z0-9._/-]{1,100}(\[[0-9]{1,6}\]){0,5}$/;

/** What is typed then, with places for what only people know; nothing where a name is not one. */
export function commandsOf({ kind, of, step = '' }: Asks, fields = '--field <name>=<value>'): readonly string[] {
  if (!NAME.test(of) || (step !== '' && !STEP.test(step))) return [];
  const name = shortName(of);
  const at = step === '' ? '' : ` --step ${step.includes('[') ? `'${step}'` : step}`;
  switch (kind) {
    case 'vote':
      return [`firebreak vote fetch ${name}${at} --out request.json`];
    case 'form':
      return [`firebreak incident answer ${name}${at} --by <name> ${fields}`];
    case 'order':
      return [`firebreak incident order ${name} <signed order file>`];
    case 'halted':
      return [
        `firebreak incident resume ${name} <step> --by <name> --reason <text> --key <member key file>`,
        `firebreak incident undo ${name} --by <name> --reason <text> --key <member key file>`,
        `firebreak incident close ${name} --by <name> --reason <text>`,
      ];
    case 'failed':
      return [`firebreak incident close ${name} --by <name> --reason <text>`];
    case 'frozen':
      // Whether the committee that is obeyed now is the pinned one, whoever reads this knows.
      return ['firebreak order make lift --reason <text> [--chain <committee epochs file>]'];
  }
}

/** The key of an incident or of its run, of which twelve of 64 digits tell it apart; a run inside of another has no shorter name. */
export function shortName(of: string): string {
  const [, , key, ...inside] = of.split('/');
  return key === undefined || inside.length > 0 ? of : shortKey(key);
}

export const shortKey = (key: string): string => (/^[0-9a-f]{64}$/.test(key) ? key.slice(0, 12) : key);
