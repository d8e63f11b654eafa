import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, visit, type YAMLError } from 'yaml';
import type { FieldPath, Finding } from '../problem.ts';

/** Far above any playbook that a reviewer can read; a larger text is a mistake or an attack. */
export const PLAYBOOK_BYTES_MAX = 256 * 1_024;
const DEPTH_MAX = 40;
const NODES_MAX = 20_000;

/** Where a field stands, and the text of a one-line value there. */
export type Place = { readonly line: number; readonly column: number };
export type SourceText = {
  /** Plain JSON data. */
  readonly value: unknown;
  place(path: FieldPath, within?: Finding['within']): Place;
};
export type Placed = Finding & { readonly place?: Place };
export type ReadText =
  | { readonly ok: true; readonly source: SourceText }
  | { readonly ok: false; readonly findings: readonly Placed[] };

/**
 * The plain part of YAML 1.2: maps with text keys, lists, texts, numbers, true and false. Size and nesting are judged before the parser
 * sees the text, because a parser that recurses cannot be trusted to stop. Anchors, aliases, tags, merge keys and duplicates are refused:
 * a reviewer must see what will be executed.
 */
export function readYaml(bytes: Uint8Array): ReadText {
  const no = (code: Finding['code'], message: string, place: Place = { line: 1, column: 1 }): ReadText => ({
    ok: false,
    findings: [{ code, path: [], message, place }],
  });
  if (bytes.length > PLAYBOOK_BYTES_MAX)
    return no('input.playbook-file', `the file has ${bytes.length} bytes, at most ${PLAYBOOK_BYTES_MAX} are read`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return no('input.playbook-file', 'the file is not UTF-8');
  }
  const lines = lineStarts(text);
  const nul = text.search(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/);
  if (nul >= 0) return no('input.playbook-file', 'the file holds a control character', placeAt(lines, nul));
  const deep = tooDeep(text);
  if (deep !== undefined)
    return no('input.playbook-yaml', `nested deeper than ${DEPTH_MAX} levels`, placeAt(lines, deep));
  let document: ReturnType<typeof parseDocument>;
  try {
    document = parse(text);
  } catch {
    return no('input.playbook-yaml', 'the parser gave up on this text'); // it recurses; what it cannot read is not a playbook
  }

  const faults = [...document.errors, ...document.warnings].slice(0, 20);
  if (faults.length > 0) return { ok: false, findings: faults.map((fault) => ofParser(fault, lines)) };
  const foreign = foreignNodes(document.contents, lines);
  if (foreign.length > 0) return { ok: false, findings: foreign };
  if (!isMap(document.contents)) return no('input.playbook-yaml', 'the file does not hold a map of fields');
  const root: Node = document.contents;
  return {
    ok: true,
    source: {
      value: document.toJS({ maxAliasCount: 0 }),
      place: (path, within) => placeOf(root, path, text, lines, within),
    },
  };
}

const parse = (text: string): ReturnType<typeof parseDocument> =>
  parseDocument(text, {
    prettyErrors: false,
    strict: true,
    stringKeys: true,
    uniqueKeys: true,
    merge: false,
    schema: 'core',
    resolveKnownTags: false,
    logLevel: 'error', // `silent` would also pass over a second document
  });

function ofParser(fault: YAMLError, lines: readonly number[]): Placed {
  const message = fault.message.split('\n')[0] ?? fault.code;
  return { code: 'input.playbook-yaml', path: [], message, place: placeAt(lines, fault.pos[0]) };
}

/** What YAML knows and playbooks do not use. */
function foreignNodes(root: Node | null, lines: readonly number[]): readonly Placed[] {
  const found: Placed[] = [];
  let nodes = 0;
  const say = (node: Node, message: string): void => {
    const place = placeAt(lines, node.range?.[0] ?? 0);
    found.push({ code: 'input.playbook-yaml', path: [], message, place });
  };
  visit(root, {
    Node: (key, node) => {
      nodes += 1;
      if (nodes > NODES_MAX) say(node, `more than ${NODES_MAX} values`);
      else if (isAlias(node)) say(node, `alias *${node.source}: write the value out`);
      else if ('anchor' in node && node.anchor)
        say(node, `anchor &${node.anchor}: write the value out where it is used`);
      else if (node.tag !== undefined) say(node, `tag ${node.tag}: values say by themselves what they are`);
      else if (isScalar(node) && key === 'key' && node.value === '<<') say(node, 'merge key <<: write the fields out');
      else if (isScalar(node) && !isPlainValue(node.value))
        say(node, `${String(node.source ?? node.value)} is not a whole number`);
      else if (isScalar(node) && node.value === null && key !== 'key') say(node, 'a field without a value');
      return found.length >= 20 || nodes > NODES_MAX ? visit.BREAK : undefined;
    },
  });
  return found;
}

const isPlainValue = (value: unknown): boolean =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value);

/**
 * The first place where brackets or indentation nest too deeply. Brackets inside texts and comments count as well: a playbook that
 * needs forty of them open at once is not readable either.
 */
function tooDeep(text: string): number | undefined {
  let open = 0;
  let dashes = 0;
  let indents: number[] = [];
  let lineStart = true;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\n') {
      lineStart = true;
      dashes = 0;
      continue;
    }
    if (lineStart && character !== ' ' && character !== '\r') {
      const indent = at - (text.lastIndexOf('\n', at) + 1);
      indents = [...indents.filter((known) => known < indent), indent].slice(-DEPTH_MAX - 2);
      lineStart = (character === '-' || character === '?') && text[at + 1] === ' ';
      if (lineStart) {
        dashes += 1;
        at += 1;
      }
    }
    if (character === '[' || character === '{') open += 1;
    else if ((character === ']' || character === '}') && open > 0) open -= 1;
    if (open > DEPTH_MAX || dashes > DEPTH_MAX || indents.length > DEPTH_MAX) return at;
  }
  return undefined;
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function placeAt(lines: readonly number[], offset: number): Place {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lines[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lines[low] ?? 0) + 1 };
}

/** The key of a field, or the value of a list item; with `within`, the place of that part of a text, if it stands there as it is. */
function placeOf(
  root: Node,
  path: FieldPath,
  text: string,
  lines: readonly number[],
  within?: Finding['within'],
): Place {
  let node: unknown = root;
  let at = root.range?.[0] ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((each) => isScalar(each.key) && each.key.value === part);
      if (pair === undefined) break;
      at = (pair.key as Node).range?.[0] ?? at;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)] as Node | undefined;
      if (item === undefined) break;
      node = item;
      at = item.range?.[0] ?? at;
    } else break;
  }
  if (within !== undefined && isScalar(node) && node.range) {
    const inside = text.slice(node.range[0], node.range[1]).indexOf(within.text);
    if (inside >= 0) return placeAt(lines, node.range[0] + inside + within.offset);
    return placeAt(lines, node.range[0]);
  }
  return placeAt(lines, at);
}
