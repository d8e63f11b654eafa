import type { PlaybookFailureCode } from '../domain/playbook/failures.ts';

/** A place inside a playbook, by names and positions in lists. */
export type FieldPath = readonly (string | number)[];

/** What is wrong where, in the words of the plan; whoever read the text knows the line. */
export type Finding = {
  readonly code: PlaybookFailureCode;
  readonly path: FieldPath;
  readonly message: string;
  /** What to write instead, where the field's own rule says more than its code does. */
  readonly remedy?: string;
  /** The part of the field's text that is meant, and the offset in it. */
  readonly within?: { readonly text: string; readonly offset: number };
};

/** A finding that a person can go to. Lines and columns count from 1. */
export type Problem = {
  readonly code: PlaybookFailureCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
};

/** `['steps', 0, 'with', 'validator']` is written `steps[0].with.validator`. */
export const fieldText = (path: FieldPath): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  ) || 'the document';
