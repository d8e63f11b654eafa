import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Bundle, encodeBundle } from '../../cli/evidence/bundle.ts';
import { forged } from './evidence-forgery.ts';
import { mutated } from './mutations.ts';
import { both, bundle, file, pinned, SCRIPT } from './evidence-verifiers.ts';

test('both verify the recorded incident, and a forged one in which nothing is changed', () => {
  expect(both(file)).toBe(true);
  const same = forged(pinned, bundle);
  expect(both(encodeBundle(same.bundle), same.genesis)).toBe(true);
});

test('records that name no plan, as earlier builds wrote them, verify too', () => {
  const earlier = forged(pinned, bundle, (drafts) => drafts.map(({ playbook: _unnamed, ...draft }) => draft));
  expect(earlier.bundle.records.some(({ playbook }) => playbook !== undefined)).toBe(false);
  expect(both(encodeBundle(earlier.bundle), earlier.genesis)).toBe(true);
});

const SEED = Number(process.env['FIREBREAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test('every flipped bit of the file is found', () => {
  const found = { bits: 0 };
  const bit = fc.tuple(fc.nat(file.length - 1), fc.nat(7));
  fc.assert(
    fc.property(bit, ([at, shift]) => {
      const flipped = Buffer.from(file);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << shift);
      expect(both(flipped)).toBe(false);
      found.bits += 1;
    }),
    { numRuns: 250, seed: SEED },
  );
  process.stdout.write(`evidence: ${found.bits} flipped bits found, seed ${SEED}\n`);
});

test('every record or document that is dropped, doubled, moved, put in or cut off is found', () => {
  const kinds = ['drop', 'double', 'swap', 'move', 'cut', 'splice', 'document', 'statement'] as const;
  const found: Record<string, number> = {};
  const other = forged(pinned, bundle, (drafts) => drafts.map((draft) => ({ ...draft, by: `${draft.by}!` }))).bundle;
  const change = fc.record({ kind: fc.constantFrom(...kinds), at: fc.nat(), to: fc.nat() });
  fc.assert(
    fc.property(change, ({ kind, at, to }) => {
      const changed = altered(bundle, other, kind, at, to);
      if (changed === undefined) return;
      expect(both(encodeBundle(changed))).toBe(false);
      expect(both(encodeBundle(changed), pinned, true)).toBe(false);
      found[kind] = (found[kind] ?? 0) + 1;
    }),
    { numRuns: 120, seed: SEED },
  );
  process.stdout.write(`evidence: ${JSON.stringify(found)} found, seed ${SEED}\n`);
  expect(Object.keys(found).sort()).toEqual([...kinds].sort());
});

/** Undefined: nothing was changed. */
function altered(sound: Bundle, other: Bundle, kind: string, at: number, to: number): Bundle | undefined {
  const records = [...sound.records];
  const documents = [...sound.documents];
  const statements = [...sound.head.statements];
  const i = at % records.length;
  const j = to % records.length;
  const [one, two] = [records[i], records[j]];
  if (one === undefined || two === undefined) return undefined;
  switch (kind) {
    case 'drop':
      records.splice(i, 1);
      break;
    case 'double':
      records.splice(i, 0, one);
      break;
    case 'swap':
      if (i === j) return undefined;
      records[i] = two;
      records[j] = one;
      break;
    case 'move':
      if (i === j) return undefined;
      records.splice(i, 1);
      records.splice(j, 0, one);
      break;
    case 'cut':
      records.splice(Math.max(1, i));
      if (records.length === sound.records.length) return undefined;
      break;
    case 'splice':
      records.splice(i, records.length, ...other.records.slice(i));
      break;
    case 'document':
      documents.splice(at % documents.length, 1);
      break;
    default:
      // Below the threshold the others say nothing; a stranger among them spoils them all.
      statements.splice(0, 6);
  }
  return { ...sound, records, documents, head: { ...sound.head, statements } };
}

test('whatever becomes of one place of the bundle, it is found', () => {
  const found = { changed: 0 };
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (place, change) => {
      const changed = mutated(bundle, place, change) as Bundle;
      let encoded: Buffer = Buffer.from(`${JSON.stringify(changed)}\n`);
      try {
        encoded = encodeBundle(changed);
      } catch {
        // Not even a value that has a canonical form.
      }
      if (encoded.equals(file) || hasFewerStatements(changed)) return;
      expect(both(encoded)).toBe(false);
      found.changed += 1;
    }),
    { numRuns: 200, seed: SEED },
  );
  process.stdout.write(`evidence: ${found.changed} changed places found, seed ${SEED}\n`);
});

/** A signature more than are needed may be missing: no event is less well signed for it. */
function hasFewerStatements(changed: Bundle): boolean {
  const statements = Array.isArray(changed.head?.statements) ? changed.head.statements : [];
  const rest = JSON.stringify({ ...changed, head: { ...changed.head, statements: bundle.head.statements } });
  const isPart = statements.every((statement, place) => bundle.head.statements.indexOf(statement) >= place);
  return rest === JSON.stringify(bundle) && statements.length >= pinned.threshold && isPart;
}

test('nine validators are too few, ten are enough', () => {
  const signedBy = (count: number): boolean => {
    const made = forged(
      pinned,
      bundle,
      undefined,
      Array.from({ length: count }, (_unused, at) => at + 1),
    );
    return both(encodeBundle(made.bundle), made.genesis);
  };
  expect(signedBy(9)).toBe(false);
  expect(signedBy(10)).toBe(true);
});

test('evidence that ends before its incident is only taken by whoever asks for it, and only up to a head that was signed', () => {
  const cut = (count: number): boolean[] => {
    const made = forged(pinned, bundle, (drafts) => drafts.slice(0, count));
    const bytes = encodeBundle(made.bundle);
    return [both(bytes, made.genesis), both(bytes, made.genesis, true)];
  };
  expect(cut(20)).toEqual([false, true]);
  expect(both(encodeBundle({ ...bundle, records: bundle.records.slice(0, 20) }), pinned, true)).toBe(false);
});

test('the same statements in another order are refused: there is one file for one content', () => {
  const statements = [...bundle.head.statements].reverse();
  expect(both(encodeBundle({ ...bundle, head: { ...bundle.head, statements } }))).toBe(false);
});

/** The pinned Node, and the one that a verifier has: Node 20 or newer. */
test.each([process.execPath, 'node'])('the script runs on files, alone, with %s', (node) => {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-evidence-'));
  try {
    writeFileSync(join(folder, 'network.json'), JSON.stringify(pinned));
    const run = (bytes: Buffer): unknown => {
      writeFileSync(join(folder, 'bundle.json'), bytes);
      const files = ['network.json', 'bundle.json'].map((name) => join(folder, name));
      const { status, stdout } = spawnSync(node, [fileURLToPath(SCRIPT), ...files], { encoding: 'utf8' });
      return { status, said: JSON.parse(stdout) as unknown };
    };
    expect(run(file)).toEqual({ status: 0, said: { ok: true, records: bundle.records.length } });
    const fewer = encodeBundle({ ...bundle, records: bundle.records.slice(1) });
    expect(run(fewer)).toMatchObject({ status: 1, said: { ok: false } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
