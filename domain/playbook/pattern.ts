import { RE2JS } from '@bufbuild/re2';
import { accept, refuse, type Verdict } from '../errors/failure.ts';

const PATTERN_CHARACTERS_MAX = 200;
const REPEAT_MAX = 100;

/**
 * Patterns run on RE2 only, whose time grows with the text and not with the pattern's ambiguity. Refused is what RE2 cannot run
 * (back references, look-around), and what would still hurt a reader with a backtracking engine: a repetition inside a repetition.
 */
export function checkPattern(pattern: string): Verdict<string, 'input.playbook-pattern'> {
  const no = (why: string) =>
    refuse('input.playbook-pattern', `pattern ${JSON.stringify(pattern.slice(0, 60))} ${why}`);
  if (pattern.length > PATTERN_CHARACTERS_MAX) return no(`is longer than ${PATTERN_CHARACTERS_MAX} characters`);
  const nested = nestedRepetition(pattern);
  if (nested !== undefined) return no(nested);
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    return no(`is not RE2: ${(error as Error).message}`);
  }
  return accept(pattern);
}

/** Whether RE2 finds the pattern in the text; anchor it to match the whole. */
export const findsPattern = (pattern: string, text: string): boolean => RE2JS.compile(pattern).test(text);

/** Reads the pattern once, left to right; each open group remembers whether something inside it repeats. */
function nestedRepetition(pattern: string): string | undefined {
  const open: boolean[] = [false];
  let closed: boolean | undefined; // the group that ended just before this character: does its inside repeat?
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at);
    const character = pattern[at] ?? '';
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(rest);
    if (counted !== null && Math.max(Number(counted[1]), Number(counted[3] ?? 0)) > REPEAT_MAX)
      return `repeats more than ${REPEAT_MAX} times`;
    if (character === '*' || character === '+' || counted !== null) {
      if (closed === true) return 'repeats a group that repeats inside, which a backtracking reader cannot finish';
      open[open.length - 1] = true;
      at += counted === null ? 0 : counted[0].length - 1;
      if (/^[?+]/.test(pattern.slice(at + 1))) at += 1; // lazy or possessive
      closed = undefined;
      continue;
    }
    closed = undefined;
    if (character === '\\') at += 1;
    else if (character === '[') at += classLength(rest) - 1;
    else if (character === '(') open.push(false);
    else if (character === ')' && open.length > 1) {
      closed = open.pop() ?? false;
      if (closed) open[open.length - 1] = true;
    }
  }
  return undefined;
}

/** `[^]a-z]`: a bracket in the first place is a character, an escaped one too. */
const classLength = (rest: string): number => /^\[\^?\]?(\\.|[^\]\\])*\]/.exec(rest)?.[0].length ?? rest.length;
