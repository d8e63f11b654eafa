import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What a hostile validator does when it is asked for partial signatures. */
export const ACTS = ['silent', 'slow', 'wrong-partial', 'other-message', 'equivocates', 'leaves'] as const;
export type Act = (typeof ACTS)[number];
/** What its partial signatures prove against it, whoever looks at them. The others can always say that the network was at fault. */
export const ATTRIBUTABLE: ReadonlySet<Act> = new Set(['wrong-partial', 'other-message', 'equivocates']);

const order = z.strictObject({ act: z.enum(ACTS), untilMs: z.number() });
const FILE = 'act.json';

/** Tells the hostile program of this folder what to do until then; afterwards it is honest again. */
export function tellIn(dir: string, act: Act, untilMs: number): void {
  const file = join(dir, FILE);
  writeFileSync(`${file}.new`, JSON.stringify({ act, untilMs }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** What it was told to do now; undefined: to be honest. */
export function orderedIn(dir: string): z.infer<typeof order> | undefined {
  try {
    const found = order.parse(JSON.parse(readFileSync(join(dir, FILE), 'utf8')));
    return found.untilMs > Date.now() ? found : undefined;
  } catch {
    return undefined; // nobody has told it anything
  }
}

/** What it really did, in which ceremony; written down before it leaves. */
export type Deed = { readonly act: Act; readonly ceremony: string };
const DEEDS = 'deeds.jsonl';

export const writeDeed = (dir: string, deed: Deed): void =>
  appendFileSync(join(dir, DEEDS), `${JSON.stringify(deed)}\n`, { mode: 0o600 });

export function deedsIn(dir: string): readonly Deed[] {
  const file = join(dir, DEEDS);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Deed);
}
