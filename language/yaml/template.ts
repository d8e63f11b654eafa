import type { Argument } from '../../domain/playbook/plan.ts';

/**
 * `${expression}` in a text. A text that is nothing else keeps the expression's type; `$${` is a plain `${`. Gives undefined when an
 * expression does not end.
 */
export function templateOf(text: string): Argument | undefined {
  const parts: (string | { cel: string })[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      plain += '${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      const end = endOf(text, at + 2);
      const cel = end === undefined ? '' : text.slice(at + 2, end).trim();
      if (end === undefined || cel === '') return undefined;
      if (plain !== '') parts.push(plain);
      plain = '';
      parts.push({ cel });
      at = end + 1;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  const [only] = parts;
  if (only === undefined) return { literal: plain };
  if (parts.length === 1 && plain === '' && typeof only !== 'string') return only;
  return { text: plain === '' ? parts : [...parts, plain] };
}

/** The closing brace of an expression: braces of maps inside it nest, braces in its texts do not count. */
function endOf(text: string, from: number): number | undefined {
  let open = 0;
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') open += 1;
    else if (character === '}') {
      if (open === 0) return at;
      open -= 1;
    }
  }
  return undefined;
}
