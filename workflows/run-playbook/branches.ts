import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { evaluateExpression } from '../../domain/playbook/expression.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import { msOf } from '../../domain/playbook/time.ts';
import type { ForEachStep, ParallelStep, RepeatStep, Step, SwitchStep } from '../../domain/playbook/plan.ts';
import { attempting, changed, holds, markOf, type Run, valuesOf } from './run.ts';
import { clearRound, type Frame, keyOf, stepOfKey } from './state.ts';
import type { Went } from './steps.ts';
import { undoSome } from './undo.ts';

type Inside = (steps: readonly Step[], frame: Frame) => Promise<Verdict<Went>>;
const ON: Verdict<Went> = accept({});

/** The first case that holds; chosen once, whatever changes while its steps run. */
export async function switchTo(run: Run, step: SwitchStep, frame: Frame, inside: Inside): Promise<Verdict<Went>> {
  const mark = markOf(run, step, frame);
  const { cases, otherwise } = step.switch;
  if (mark.chosen === undefined) {
    let chosen = cases.length;
    for (const [index, each] of cases.entries()) {
      const held = holds(run, each.when, frame);
      if (!held.ok) return held;
      if (!held.value) continue;
      chosen = index;
      break;
    }
    mark.chosen = chosen;
  }
  return inside(cases[mark.chosen]?.steps ?? otherwise, frame);
}

/** Rounds until the condition holds; what steps of earlier rounds left behind is not looked at again. */
export async function repeat(run: Run, step: RepeatStep, frame: Frame, inside: Inside): Promise<Verdict<Went>> {
  const mark = markOf(run, step, frame);
  const { times, until, everyMs, steps } = step.repeat;
  const pause = attempting(() => msOf(everyMs, run.inputs));
  if (!pause.ok) return pause;
  const ids = new Set(everyStep(steps).map(({ id }) => id));
  mark.round ??= 1;
  for (;;) {
    if (mark.untilMs === undefined) {
      const went = await inside(steps, { ...frame, rounds: `${frame.rounds}#${mark.round}` });
      if (!went.ok) return went;
      const held = holds(run, until, frame);
      if (!held.ok) return held;
      if (held.value) return ON;
      if (mark.round >= times)
        return refuse('unavailable.repeat-exhausted', `${step.id}: not after ${times} rounds: ${until}`);
      mark.untilMs = Date.now() + pause.value;
      changed(run);
    }
    const pauseMs = mark.untilMs - Date.now();
    if (pauseMs > 0) await sleep(pauseMs, { summary: `Round ${mark.round + 1} of ${step.id}` });
    await run.room();
    delete mark.untilMs;
    mark.round += 1;
    clearRound(run.state, ids, frame);
  }
}

/** The body for each item, so many at a time. The items are those of the moment at which the loop began. */
export async function forEach(run: Run, step: ForEachStep, frame: Frame, inside: Inside): Promise<Verdict<Went>> {
  const mark = markOf(run, step, frame);
  const { in: list, as, atMost, concurrency, steps } = step.forEach;
  if (mark.items === undefined) {
    const found = attempting(() => evaluateExpression(list, valuesOf(run, frame)));
    if (!found.ok) return found;
    if (!Array.isArray(found.value)) return refuse('input.loop-items', `${step.id}: ${list} is no list`);
    if (found.value.length > atMost)
      return refuse('input.loop-items', `${step.id}: ${found.value.length} items, at most ${atMost}`);
    mark.items = found.value;
  }
  const { items } = mark;
  let next = 0;
  const lane = async (): Promise<Verdict<Went>> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      const item = items[index];
      if (item === undefined) break;
      const went = await inside(steps, {
        suffix: `${frame.suffix}[${index}]`,
        rounds: frame.rounds,
        items: { ...frame.items, [as]: item },
      });
      if (!went.ok) return went;
    }
    return ON;
  };
  const lanes = Array.from(
    { length: Math.min(concurrency, Math.max(1, items.length)) },
    (_unused, at) => [String(at), lane] as const,
  );
  const { failures } = await beside(lanes, lanes.length);
  return failures[0] ?? ON;
}

/** Branches side by side. As soon as enough have succeeded, or too many failed, the others are stopped; what they did is undone. */
export async function parallel(run: Run, step: ParallelStep, frame: Frame, inside: Inside): Promise<Verdict<Went>> {
  const { join, branches } = step.parallel;
  const names = Object.keys(branches);
  const need = join === 'all' ? names.length : join === 'any' ? 1 : join.atLeast;
  const branch = async (name: string, steps: readonly Step[]): Promise<Verdict<Went>> => {
    const mark = (run.state.marks[keyOf(`${step.id}/${name}`, frame)] ??= { atMs: Date.now() });
    if (mark.refusal !== undefined) return { ok: false, refusal: mark.refusal };
    const went = await inside(steps, frame);
    if (!went.ok) mark.refusal = went.refusal;
    return went;
  };
  const { succeeded, failures } = await beside(
    Object.entries(branches).map(([name, steps]) => [name, () => branch(name, steps)] as const),
    need,
  );
  if (succeeded.size < need) {
    const first = failures[0]?.refusal;
    return refuse(
      first?.code ?? 'unavailable.branches',
      `${step.id}: ${succeeded.size} of ${need} branches succeeded; ${first?.message ?? 'the others were stopped'}`.slice(
        0,
        1_000,
      ),
    );
  }
  const lost = names.filter((name) => !succeeded.has(name)).flatMap((name) => everyStep(branches[name] ?? []));
  const ids = new Set(lost.map(({ id }) => id));
  if (ids.size > 0) {
    await CancellationScope.nonCancellable(() =>
      undoSome(run, ({ key, step: id }) => ids.has(stepOfKey(key)) && key.slice(id.length).startsWith(frame.suffix)),
    );
  }
  return ON;
}

type Lane = readonly [name: string, work: () => Promise<Verdict<Went>>];
type Joined = {
  readonly succeeded: ReadonlySet<string>;
  readonly failures: readonly Extract<Verdict<never>, { ok: false }>[];
};

/** Every lane in a scope of its own; waits until all have settled, so that nothing runs on behind the join. */
async function beside(lanes: readonly Lane[], need: number): Promise<Joined> {
  const succeeded = new Set<string>();
  const failures: Extract<Verdict<never>, { ok: false }>[] = [];
  const scopes: CancellationScope[] = [];
  let decided = false;
  let stopped: Error | undefined;
  const decide = (): void => {
    if (decided || (succeeded.size < need && lanes.length - failures.length >= need)) return;
    decided = true;
    for (const scope of scopes) scope.cancel();
  };
  const runs = lanes.map(([name, work]) => {
    const scope = new CancellationScope();
    scopes.push(scope);
    return scope.run(work).then(
      (verdict) => {
        if (verdict.ok) succeeded.add(name);
        else failures.push(verdict);
        decide();
      },
      (error: unknown) => {
        if (!isCancellation(error) || !decided) stopped ??= error instanceof Error ? error : new Error(String(error));
        if (!decided) {
          decided = true;
          for (const other of scopes) other.cancel();
        }
      },
    );
  });
  await Promise.all(runs);
  if (stopped !== undefined) throw stopped;
  return { succeeded, failures };
}
