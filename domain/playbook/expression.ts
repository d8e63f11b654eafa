import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { FirebreakFailure, type Refusal } from '../errors/failure.ts';
import { checkPattern, findsPattern } from './pattern.ts';
import {
  itemTypeOf,
  LIST_ITEMS_MAX,
  type PlanValue,
  type ScalarType,
  TEXT_CHARACTERS_MAX,
  type ValueType,
} from './value.ts';

/**
 * Conditions and arguments are CEL with a short list of functions: no clock, no randomness, no regular expressions but RE2, at most two
 * loops inside each other over lists of at most `LIST_ITEMS_MAX`. That bounds one evaluation before it starts.
 */
export const EXPRESSION_CHARACTERS_MAX = 1_000;
const LIMITS = { maxAstNodes: 256, maxDepth: 24, maxListElements: 64, maxMapEntries: 16, maxCallArguments: 4 };
const LOOPS_MAX = 2;
/** Steps of one evaluation at the most, each about a fifth of a microsecond; a step of a workflow has to end in far less than a second. */
const COST_MAX = 500_000;
/** A pattern over the longest text, measured against the same step; a search in a text; a look through a list. */
const COST: Readonly<Record<string, number>> = {
  re: 40_000,
  contains: 40,
  indexOf: 40,
  lowerAscii: 40,
  upperAscii: 40,
  trim: 40,
  in: 40,
};
const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
const FUNCTIONS = new Set(
  'size string int re startsWith endsWith contains lowerAscii upperAscii trim indexOf substring'.split(' '),
);

/** What an expression may name: a type, or names inside a name. */
export type NameType = ValueType | 'map<text>' | 'anything';
export type Names = { readonly [name: string]: NameType | Names };
/** `['steps', 'newKey', 'epoch']`: as far as the names are declared. */
export type Reference = readonly string[];
export type ExpressionRefusal = 'input.playbook-expression' | 'input.playbook-unresolved' | 'input.playbook-pattern';
/** Offsets into the expression's text. */
export type ExpressionFinding = Refusal<ExpressionRefusal> & { readonly start: number };
export type CheckedExpression =
  | { readonly ok: true; readonly type: string; readonly references: readonly Reference[] }
  | { readonly ok: false; readonly finding: ExpressionFinding };

const CEL_SCALARS: Readonly<Record<ScalarType, string>> = {
  text: 'string',
  digest: 'string',
  int: 'int',
  duration: 'int',
  validator: 'int',
  bool: 'bool',
};

/** `list<validator>` is CEL's `list<int>`. */
export function celTypeOf(type: NameType): string {
  if (type === 'anything') return 'dyn';
  if (type === 'map<text>') return 'map<string, string>';
  const item = itemTypeOf(type);
  return item === undefined ? CEL_SCALARS[type as ScalarType] : `list<${CEL_SCALARS[item]}>`;
}

/** Parses, guards and type-checks an expression; gives the names that it reads. */
export function checkExpression(text: string, names: Names): CheckedExpression {
  const no = (code: ExpressionRefusal, message: string, start = 0): CheckedExpression => ({
    ok: false,
    finding: { code, message, start },
  });
  if (text.length > EXPRESSION_CHARACTERS_MAX)
    return no('input.playbook-expression', `the expression is longer than ${EXPRESSION_CHARACTERS_MAX} characters`);
  const environment = environmentOf(names);
  let parsed: ReturnType<Environment['parse']>;
  try {
    parsed = environment.parse(text);
  } catch (error) {
    return no('input.playbook-expression', sayCel(error), startOf(error));
  }
  const walk: Walk = { names, references: [], refused: undefined, cost: 0 };
  visit(parsed.ast, walk, new Set(), 0);
  if (walk.cost > COST_MAX && walk.refused === undefined)
    return no(
      'input.playbook-expression',
      `may take ${walk.cost} steps, at most ${COST_MAX}; look through fewer lists and texts`,
    );
  if (walk.refused !== undefined) return { ok: false, finding: walk.refused };
  const checked = parsed.check();
  if (!checked.valid) return no('input.playbook-expression', sayCel(checked.error), startOf(checked.error));
  return { ok: true, type: checked.type ?? 'dyn', references: walk.references };
}

/**
 * The value of a checked expression. Whoever calls has checked it when the plan was made: what fails here is the data.
 * Throws `input.playbook-expression`.
 */
export function evaluateExpression(text: string, values: Readonly<Record<string, unknown>>): PlanValue {
  try {
    const context = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toCel(value)]));
    return fromCel(EVALUATION.evaluate(text, context));
  } catch (error) {
    throw new FirebreakFailure('input.playbook-expression', `${text}: ${sayCel(error)}`, {}, { cause: error });
  }
}

const base = (options: ConstructorParameters<typeof Environment>[0] = {}): Environment =>
  new Environment({ limits: LIMITS, ...options }).registerFunction('re(string, string): bool', (value, pattern) =>
    findsPattern(pattern, value),
  );
/** Names were resolved when the plan was made; here any may stand for any type. */
const EVALUATION = base({ unlistedVariablesAreDyn: true });

function environmentOf(names: Names): Environment {
  const environment = base();
  for (const [name, type] of Object.entries(names)) {
    if (typeof type === 'string') environment.registerVariable(name, celTypeOf(type as NameType));
    else if (Object.keys(type).length > 0) environment.registerVariable({ name, schema: schemaOf(type) });
  }
  return environment;
}

type CelSchema = { [name: string]: string | CelSchema };
function schemaOf(names: Names): CelSchema {
  return Object.fromEntries(
    Object.entries(names).map(([name, type]) => [
      name,
      typeof type === 'string' ? celTypeOf(type as NameType) : schemaOf(type),
    ]),
  );
}

type Walk = {
  readonly names: Names;
  readonly references: Reference[];
  refused: ExpressionFinding | undefined;
  cost: number;
};

function visit(node: ASTNode, walk: Walk, bound: ReadonlySet<string>, loops: number): void {
  if (walk.refused !== undefined) return;
  walk.cost += costOf(node, walk.names) * LIST_ITEMS_MAX ** loops;
  const refuse = (code: ExpressionRefusal, message: string): void => {
    walk.refused ??= { code, message, start: node.start };
  };
  switch (node.op) {
    case 'value':
      if (typeof node.args === 'number') refuse('input.playbook-expression', 'only whole numbers are allowed');
      return;
    case '+':
      if (node.args.some((side) => isList(side, walk.names)))
        return refuse('input.playbook-expression', 'lists cannot be joined: a loop over them would have no bound');
      for (const side of node.args) visit(side, walk, bound, loops);
      return;
    case 'id':
    case '.':
      return reference(node, walk, bound, loops, refuse);
    case 'call':
    case 'rcall': {
      const [name, receiver, inside] =
        node.op === 'call' ? [node.args[0], undefined, node.args[1]] : [node.args[0], node.args[1], node.args[2]];
      if (receiver !== undefined) visit(receiver, walk, bound, loops);
      if (LOOPS.has(name)) return loop(name, inside, walk, bound, loops, refuse);
      if (!FUNCTIONS.has(name)) return refuse('input.playbook-expression', adviceAbout(name));
      if (name === 're') judgePattern(inside[1], refuse);
      for (const each of inside) visit(each, walk, bound, loops);
      return;
    }
    default:
      for (const each of childrenOf(node.args)) visit(each, walk, bound, loops);
  }
}

type Refuse = (code: ExpressionRefusal, message: string) => void;

function loop(
  name: string,
  inside: readonly ASTNode[],
  walk: Walk,
  bound: ReadonlySet<string>,
  loops: number,
  refuse: Refuse,
): void {
  if (loops >= LOOPS_MAX)
    return refuse('input.playbook-expression', `more than ${LOOPS_MAX} loops inside each other (\`${name}\`)`);
  const [item, ...bodies] = inside;
  if (item?.op !== 'id') return refuse('input.playbook-expression', `\`${name}\` needs a name for the item`);
  if (item.args in walk.names)
    return refuse('input.playbook-expression', `the item may not be called \`${item.args}\`, which is taken`);
  for (const body of bodies) visit(body, walk, new Set([...bound, item.args]), loops + 1);
}

/** `steps.newKey.epoch` is one reference; what follows a declared value (a label, an index) belongs to CEL. */
function reference(node: ASTNode, walk: Walk, bound: ReadonlySet<string>, loops: number, refuse: Refuse): void {
  const path = pathOf(node);
  if (path === undefined) {
    if (node.op === '.') visit(node.args[0], walk, bound, loops);
    return;
  }
  if (bound.has(path[0] ?? '')) return;
  let names: Names | string = walk.names;
  for (const [depth, name] of path.entries()) {
    if (typeof names === 'string') return void walk.references.push(path.slice(0, depth));
    const inside: Names | string | undefined = Object.hasOwn(names, name) ? names[name] : undefined;
    if (inside === undefined) {
      const known = Object.keys(names).sort().slice(0, 12).join(', ') || 'nothing';
      const where = depth === 0 ? '' : ` in \`${path.slice(0, depth).join('.')}\``;
      return refuse(
        'input.playbook-unresolved',
        `\`${path.slice(0, depth + 1).join('.')}\` is not known here; known${where}: ${known}`,
      );
    }
    names = inside;
  }
  if (typeof names !== 'string')
    refuse('input.playbook-expression', `\`${path.join('.')}\` is not a value; name one inside it`);
  walk.references.push(path);
}

/** What one evaluation of the node costs, without what is inside it. Comparing lists looks through them. */
function costOf(node: ASTNode, names: Names): number {
  if (node.op === 'call' || node.op === 'rcall') return COST[node.args[0]] ?? 1;
  if (node.op === 'in') return COST['in'] ?? 1;
  const compares = (node.op === '==' || node.op === '!=') && node.args.some((side) => isList(side, names));
  return compares ? (COST['in'] ?? 1) : 1;
}

function isList(node: ASTNode, names: Names): boolean {
  if (node.op === 'list') return true;
  if (node.op === 'rcall') return node.args[0] === 'map' || node.args[0] === 'filter';
  if (node.op === '?:') return isList(node.args[1], names) || isList(node.args[2], names);
  const declared = pathOf(node)?.reduce<unknown>(
    (inside, name) => (typeof inside === 'object' && inside !== null ? (inside as Names)[name] : undefined),
    names,
  );
  return typeof declared === 'string' && declared.startsWith('list<');
}

function pathOf(node: ASTNode): string[] | undefined {
  if (node.op === 'id') return [node.args];
  if (node.op !== '.') return undefined;
  const before = pathOf(node.args[0]);
  return before === undefined ? undefined : [...before, node.args[1]];
}

function judgePattern(pattern: ASTNode | undefined, refuse: Refuse): void {
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string')
    return refuse('input.playbook-pattern', 'the pattern of `re` must be a fixed text, so that it can be checked');
  const verdict = checkPattern(pattern.args);
  if (!verdict.ok) refuse(verdict.refusal.code, verdict.refusal.message);
}

const adviceAbout = (name: string): string =>
  name === 'matches'
    ? '`matches` can run for ever on some texts; write `re(text, "pattern")`'
    : `\`${name}\` is not one of the functions ${[...FUNCTIONS, ...LOOPS].join(', ')}`;

/** Children of an operator, whatever their nesting in lists of pairs. */
function childrenOf(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}

function toCel(value: unknown): unknown {
  if (typeof value === 'number') return BigInt(value);
  if (typeof value === 'string') {
    if (value.length > TEXT_CHARACTERS_MAX) throw new RangeError(`a text is longer than ${TEXT_CHARACTERS_MAX}`);
    return value;
  }
  if (Array.isArray(value)) {
    if (value.length > LIST_ITEMS_MAX) throw new RangeError(`a list has more than ${LIST_ITEMS_MAX} items`);
    return value.map(toCel);
  }
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([name, inside]) => [name, toCel(inside)]));
  return value;
}

function fromCel(value: unknown): PlanValue {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(fromCel);
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value);
  throw new RangeError('the result is not a text, a whole number, true, false or a list of those');
}

/** The library adds a drawing of the place below its first line. */
const sayCel = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
function startOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'range' in error
    ? ((error.range as { start?: number } | undefined)?.start ?? 0)
    : 0;
}
