import { describe, expect, test } from '@jest/globals';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { Line } from './line.ts';

const SEED = Number(process.env['FIREBREAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PARTICIPANTS = 15;
const THRESHOLD = 10;
const HOSTILE_MAX = PARTICIPANTS - THRESHOLD;
const ALL = Array.from({ length: PARTICIPANTS }, (_, at) => validatorId(at + 1));

/** mulberry32: small, and the same everywhere. */
function drawsOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Session = {
  readonly n: number;
  readonly signers: readonly ValidatorId[];
  readonly owing: Set<ValidatorId>;
  spoilt: boolean;
};
/** What the adversary may let one of its validators do when it is its turn: it sees everything, and whose turn it is. */
type Deed = 'right' | 'wrong' | 'no' | 'later';

/**
 * A signing with nothing but the line: messages arrive in any order, the adversary says which free validators commit first and what its own
 * do. Ends with the number of sessions at the first that is whole and right.
 */
function signingUnder(
  seed: number,
  eagerness: number,
): { sessions: number; accused: ReadonlySet<ValidatorId>; hostile: ReadonlySet<ValidatorId> } {
  const draw = drawsOf(seed);
  const below = (end: number): number => Math.floor(draw() * end);
  const shuffled = <T>(items: readonly T[]): T[] =>
    items
      .map((item) => [draw(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item);
  const hostile = new Set(shuffled(ALL).slice(0, HOSTILE_MAX));
  const line = new Line(PARTICIPANTS);
  const sessions: Session[] = [];
  const accused = new Set<ValidatorId>();
  for (let step = 0; step < 100_000; step += 1) {
    const turns = sessions.flatMap((session) => [...session.owing].map((validator) => ({ session, validator })));
    if (line.free >= THRESHOLD && (turns.length === 0 || draw() < eagerness)) {
      const free = ALL.filter((id) => !line.out.includes(id));
      // Hostile ones are the quickest to commit, whenever they like.
      const first = draw() < 0.8 ? free.filter((id) => hostile.has(id)) : [];
      const signers = [...new Set([...first, ...shuffled(free)])].slice(0, THRESHOLD);
      const n = sessions.length + 1;
      sessions.push({ n, signers, owing: new Set(signers), spoilt: false });
      line.committed(n, signers);
      continue;
    }
    const turn = turns[below(turns.length)];
    if (turn === undefined) throw new Error(`seed ${seed}: nothing can happen any more`);
    const { session, validator } = turn;
    const deed = hostile.has(validator)
      ? ((['right', 'wrong', 'no', 'later'] as const)[below(4)] ?? 'later')
      : ('right' satisfies Deed);
    if (deed === 'later') continue;
    session.owing.delete(validator);
    if (deed === 'right') line.answered(session.n, [validator]);
    else session.spoilt = true;
    if (deed === 'no') line.saidNo(session.n, [{ validator }]);
    if (deed === 'wrong') {
      line.proven(session.n, [validator]);
      accused.add(validator);
    }
    if (session.owing.size === 0 && !session.spoilt) return { sessions: sessions.length, accused, hostile };
  }
  throw new Error(`seed ${seed}: it never ends`);
}

describe('the line of those who may sign', () => {
  test('five of fifteen that do what they like cost at most five sessions, in any order of messages', () => {
    const begin = SEED;
    let most = 0;
    for (let seed = begin; seed < begin + 3_000; seed += 1) {
      for (const eagerness of [0.02, 0.5, 1]) {
        const { sessions, accused, hostile } = signingUnder(seed, eagerness);
        expect([seed, eagerness, sessions <= HOSTILE_MAX + 1]).toEqual([seed, eagerness, true]);
        expect([...accused].filter((id) => !hostile.has(id))).toEqual([]);
        most = Math.max(most, sessions);
      }
    }
    // They can do that much: a bound that nobody comes near to would be no finding.
    expect([begin, most]).toEqual([begin, HOSTILE_MAX + 1]);
  });

  test('no session can begin while more owe than may be missing, however many say that they are ready', () => {
    const line = new Line(PARTICIPANTS);
    line.committed(1, ALL.slice(0, THRESHOLD));
    line.answered(1, ALL.slice(0, 4));
    expect(line.free).toBe(9);
    line.answered(1, [validatorId(5)]);
    expect(line.free).toBe(THRESHOLD);
  });

  test('whoever is slow is back as soon as it has answered', () => {
    const line = new Line(3);
    line.committed(1, [validatorId(1), validatorId(2)]);
    line.answered(1, [validatorId(1)]);
    expect(line.owing(1)).toEqual([2]);
    line.answered(1, [validatorId(2)]);
    expect(line.out).toEqual([]);
  });

  test('a good answer of another session does not make up for what is owed', () => {
    const line = new Line(3);
    line.committed(1, [validatorId(1)]);
    line.forgive();
    line.committed(2, [validatorId(1)]);
    line.answered(1, [validatorId(1)]);
    line.saidNo(1, [{ validator: validatorId(1) }]);
    expect(line.owing(2)).toEqual([1]);
  });

  test('who said no is asked again when the others are too few, who is proven hostile never', () => {
    const line = new Line(3);
    line.committed(1, [1, 2, 3].map(validatorId));
    line.saidNo(1, [{ validator: validatorId(1) }]);
    line.proven(1, [validatorId(2)]);
    line.saidNo(1, [{ validator: validatorId(2) }]);
    line.answered(1, [validatorId(2)]);
    expect(line.outInNeed).toEqual([2, 3]);
    expect(line.forgive()).toBe(true);
    expect(line.out).toEqual([2, 3]);
    expect(line.forgive()).toBe(false);
  });
});
