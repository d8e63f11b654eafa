import { type FailureCode, type FailureEntry, type FailureFamily, type FailureTable, familyOf } from './failure.ts';

const BY_FAMILY: Readonly<Record<FailureFamily, string>> = {
  input: 'Correct what the message names and type the command again; nothing was changed.',
  policy: 'The rules say no. Whoever the message names must agree first.',
  conflict: 'Something else holds the claim. Look at it first: `firebreak status`.',
  unavailable: 'See `firebreak status` for what is down, then try again.',
  'unknown-outcome': 'Do not repeat it blindly: look with `firebreak ceremony list` whether it happened.',
  'signer-fault': 'The named validators sent something wrong. Tell their operators and keep the evidence.',
  'not-yet': 'Wait and ask again.',
  bug: 'This is our mistake. Please report it with the text above.',
};

/** What the reader of a failure does about it: as the table of its module says, else what its family allows. */
export function remedyIn(tables: readonly FailureTable[], code: FailureCode): string {
  const known: FailureEntry | undefined = tables.map((table) => table[code]).find((entry) => entry !== undefined);
  return known?.remedy ?? BY_FAMILY[familyOf(code)];
}

/** A refusal as every program says it at a terminal: code, sentence, remedy. */
export const refusedText = (
  { code, message }: { readonly code: FailureCode; readonly message: string },
  tables: readonly FailureTable[],
  script: string | undefined,
): string => `refused ${code}\n  ${message}\n  remedy: ${asTyped(remedyIn(tables, code), script)}\n`;

/**
 * A sentence with its commands as they can be typed: `npm run firebreak` and `npm start` need no installed program. `script` is
 * the npm script by which the reader came, if any.
 */
export function asTyped(text: string, script: string | undefined): string {
  if (script !== 'firebreak' && script !== 'start') return text;
  return text
    .replaceAll(/(^|`)firebreak up(?![\w-])( --[^`]*)?/g, (_whole, before: string, options = '') =>
      options === '' ? `${before}npm start` : `${before}npm start --${options}`,
    )
    .replaceAll(/(^|`)firebreak (?=[a-z])/g, '$1npm run firebreak -- ');
}
