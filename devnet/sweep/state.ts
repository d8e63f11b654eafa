import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

const hit = z.strictObject({ label: z.string(), victim: z.string(), own: z.boolean() });
const line = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('session'),
    seed: z.number(),
    commit: z.string(),
    cores: z.number(),
    startedAt: z.string(),
  }),
  z.strictObject({
    kind: z.literal('undisturbed'),
    workflow: z.string(),
    labels: z.array(z.string()),
    outcome: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    kind: z.literal('run'),
    workflow: z.string(),
    hits: z.array(hit),
    /** Absent: as undisturbed. */
    differs: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({
    kind: z.literal('volley'),
    volley: z.string(),
    runs: z.number(),
    kills: z.number(),
    seconds: z.number(),
  }),
  z.strictObject({
    kind: z.literal('verdict'),
    requests: z.number(),
    transcripts: z.number(),
    commitments: z.number(),
    reused: z.number(),
    equations: z.number(),
    unplaced: z.number(),
    recovered: z.number(),
    seededRecovered: z.number(),
  }),
]);
export type Line = z.infer<typeof line>;
type Run = Extract<Line, { kind: 'run' }>;

/** What a sweep has done so far: one line each, so that whatever ends it loses at most the last one. */
export class SweepState {
  readonly lines: Line[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) return;
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
    for (const each of whole.split('\n').slice(0, -1)) this.lines.push(line.parse(JSON.parse(each)));
  }

  add(...added: readonly Line[]): void {
    this.lines.push(...added);
    appendFileSync(this.#file, added.map((each) => `${JSON.stringify(each)}\n`).join(''));
  }

  undisturbed(workflow: string): { readonly labels: readonly string[]; readonly outcome: unknown } | undefined {
    const found = this.lines.filter((each) => each.kind === 'undisturbed' && each.workflow === workflow);
    const [first] = found;
    if (first?.kind !== 'undisturbed') return undefined;
    return {
      labels: [...new Set(found.flatMap((each) => (each.kind === 'undisturbed' ? each.labels : [])))],
      outcome: first.outcome,
    };
  }

  runs(): readonly Run[] {
    return this.lines.filter((each) => each.kind === 'run');
  }

  /** A run came to something else, or a share follows from what was said, or the look for one is blind. */
  isBroken(): boolean {
    return this.lines.some(
      (each) =>
        (each.kind === 'run' && each.differs !== undefined) ||
        (each.kind === 'verdict' && (each.recovered > 0 || each.reused > 0 || each.seededRecovered !== 1)),
    );
  }

  /** Names of points that were tried: a run of a workflow, and each step after which a process was killed. */
  points(): { readonly singles: ReadonlySet<string>; readonly pairs: ReadonlySet<string> } {
    const singles = new Set<string>();
    const pairs = new Set<string>();
    for (const { workflow, hits } of this.runs()) {
      const name = [workflow, ...hits.map(({ label, victim }) => pointOf(label, victim))].join(' | ');
      if (hits.length === 1) singles.add(name);
      if (hits.length > 1) pairs.add(name);
    }
    return { singles, pairs };
  }
}

export const pointOf = (label: string, victim: string): string => `${label} > ${victim}`;
