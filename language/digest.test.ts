import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { loadPlaybook } from './load.ts';
import type { FieldPath } from './problem.ts';
import { CATALOGUE, COMMITTEE, SOUND } from './testkit/sound.ts';

type Tree = string | number | boolean | Tree[] | { [key: string]: Tree };

const digestOf = (text: string): string | undefined => {
  const bytes = new TextEncoder().encode(text);
  const loaded = loadPlaybook(bytes, 'x.yaml', { catalogue: CATALOGUE, committee: COMMITTEE });
  return loaded.ok ? loaded.digest : undefined;
};
const SOUND_DIGEST = digestOf(SOUND);
const TREE: Tree = parse(SOUND);

/** The same data with its keys in another order; lists keep theirs. */
function reordered(tree: Tree, next: () => number): Tree {
  if (Array.isArray(tree)) return tree.map((each) => reordered(each, next));
  if (typeof tree !== 'object') return tree;
  const entries = Object.entries(tree).map(([key, value]) => [next(), key, reordered(value, next)] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => one - other).map(([, key, value]) => [key, value]));
}

/** Comments and empty lines wherever a line begins; block texts are not used by the writer below. */
const commented = (text: string, next: () => number): string =>
  text
    .split('\n')
    .flatMap((line) => (next() % 4 === 0 ? [`${' '.repeat(next() % 7)}# said ${next()}`, '', line] : [line]))
    .join('\n');

const numbers = fc.infiniteStream(fc.nat(1_000_000));
const written = fc.record({
  numbers,
  indent: fc.integer({ min: 1, max: 8 }),
  flow: fc.boolean(),
  quotes: fc.constantFrom('PLAIN' as const, 'QUOTE_DOUBLE' as const, 'QUOTE_SINGLE' as const),
  json: fc.boolean(),
  lines: fc.constantFrom('\n', '\r\n'),
});

describe('the digest of a plan', () => {
  test('is the same for any order of keys, layout, quotes, comments and line ends', () => {
    fc.assert(
      fc.property(written, ({ numbers: stream, indent, flow, quotes, json, lines }) => {
        const next = (): number => stream.next().value ?? 0;
        const tree = reordered(TREE, next);
        const text = json
          ? JSON.stringify(tree, undefined, indent)
          : stringify(tree, {
              indent,
              lineWidth: 0,
              blockQuote: false,
              defaultStringType: quotes,
              defaultKeyType: 'PLAIN',
              collectionStyle: flow ? 'flow' : 'block',
            });
        const noisy = json ? text : commented(text, next);
        expect(digestOf(noisy.replaceAll('\n', lines))).toBe(SOUND_DIGEST);
      }),
      { numRuns: 60 },
    );
  });

  test('is another one for every value that is changed, wherever the changed text is a playbook at all', () => {
    const { same, other } = mutate(leavesOf(TREE), (value) =>
      typeof value === 'string' ? `${value}x` : typeof value === 'number' ? value + 1 : !value,
    );
    expect(same).toEqual([]);
    expect(other).toBeGreaterThan(25); // the rest is refused: a name, a number or an expression that means nothing
  });

  test('is another one for every field that is left out, but for the one that stands for its default', () => {
    const { same, other } = mutate(fieldsOf(TREE), () => undefined);
    expect(same).toEqual(['steps.2.parallel.join']);
    expect(other).toBeGreaterThan(10);
  });

  test('is another one for every two neighbours in a list that change places', () => {
    const digests = pairsOf(TREE).map((path) => {
      const at = Number(path.at(-1));
      const list = valueAt(TREE, path.slice(0, -1)) as Tree[];
      const swapped = list.map((each, index) => (index === at ? list[at + 1] : index === at + 1 ? list[at] : each));
      return digestOf(JSON.stringify(replaced(TREE, path.slice(0, -1), swapped as Tree)));
    });
    const accepted = digests.filter((digest) => digest !== undefined);
    expect(accepted.length).toBeGreaterThan(1);
    expect(accepted).not.toContain(SOUND_DIGEST);
  });

  test('is the same for the same text, and none for a text that is refused', () => {
    expect(digestOf(SOUND)).toBe(SOUND_DIGEST);
    expect(digestOf(`${SOUND}colour: red\n`)).toBe(undefined);
  });
});

/** Changes one place at a time; counts the accepted texts with another digest and names those with the same. */
function mutate(paths: readonly FieldPath[], change: (value: Tree) => Tree | undefined) {
  const same: string[] = [];
  let other = 0;
  for (const path of paths) {
    const digest = digestOf(JSON.stringify(replaced(TREE, path, change(valueAt(TREE, path)))));
    if (digest === SOUND_DIGEST) same.push(path.join('.'));
    else if (digest !== undefined) other += 1;
  }
  return { same, other };
}

function placesOf(tree: Tree, path: FieldPath = []): readonly FieldPath[] {
  if (typeof tree !== 'object') return [path];
  const inside = Array.isArray(tree) ? tree.map((each, index) => [index, each] as const) : Object.entries(tree);
  return [path, ...inside.flatMap(([key, value]) => placesOf(value, [...path, key]))];
}
const leavesOf = (tree: Tree) => placesOf(tree).filter((path) => typeof valueAt(tree, path) !== 'object');
const fieldsOf = (tree: Tree) => placesOf(tree).filter((path) => typeof path.at(-1) === 'string');
const pairsOf = (tree: Tree) =>
  placesOf(tree).filter((path) => {
    const at = path.at(-1);
    return typeof at === 'number' && (valueAt(tree, path.slice(0, -1)) as Tree[]).length > at + 1;
  });

const valueAt = (tree: Tree, path: FieldPath): Tree =>
  path.reduce<Tree>((inside, part) => (inside as Record<string | number, Tree>)[part] ?? '', tree);

function replaced(tree: Tree, [first, ...rest]: FieldPath, value: Tree | undefined): Tree | undefined {
  if (first === undefined) return value;
  if (Array.isArray(tree))
    return tree.map((each, index) => (index === first ? (replaced(each, rest, value) ?? each) : each));
  const inside = tree as { [key: string]: Tree };
  return { ...inside, [first]: replaced(inside[first] ?? '', rest, value) } as Tree;
}
