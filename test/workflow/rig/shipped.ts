import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../../domain/encoding/digest.ts';
import { everyStep } from '../../../domain/playbook/nesting.ts';
import { type Plan, planDigest, type Step } from '../../../domain/playbook/plan.ts';
import type { PlanValue } from '../../../domain/playbook/value.ts';
import { parseCatalogue } from '../../../language/catalogue.ts';
import { loadLibrary } from '../../../language/library.ts';

type Values = Readonly<Record<string, PlanValue>>;
export type ShippedPlan = { readonly plan: Plan; readonly digest: Digest };

const ROOT = join(import.meta.dirname, '..', '..', '..', 'playbooks');
const CATALOGUE = join(ROOT, 'catalogue.yaml');

/** Pauses in milliseconds and numbers of tries, as a test can wait for them; what is shorter in a playbook stays. */
const AT_MOST: Readonly<Record<string, number>> = {
  forMs: 200,
  everyMs: 100,
  delayMs: 20,
  delayMsMax: 50,
  attempts: 2,
};

/**
 * The shipped playbooks as they compile: every step, argument, effect, compensation and time limit. Only how long they pause and how
 * often they try is cut, and a plan that another one runs is pinned there by its new digest.
 */
function shippedPlans(): ReadonlyMap<string, ShippedPlan> {
  const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const texts = folders.map(({ name }) => {
    const file = join(ROOT, name, 'playbook.yaml');
    return { file, bytes: readFileSync(file) };
  });
  const { playbooks, problems } = loadLibrary(texts, parseCatalogue(readFileSync(CATALOGUE), CATALOGUE));
  if (problems.length > 0)
    throw new Error(problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'));
  const hurried = (plan: Plan): ShippedPlan => {
    const cut = JSON.parse(JSON.stringify(plan), (key: string, value: unknown): unknown => {
      const pinned = key === 'digest' ? playbooks.find(({ digest }) => digest === value) : undefined;
      if (pinned !== undefined) return hurried(pinned.plan).digest;
      const most = AT_MOST[key];
      // A pause that the playbook computes is longer, too.
      return most === undefined ? value : typeof value === 'number' ? Math.min(value, most) : most;
    }) as Plan;
    return { plan: cut, digest: planDigest(cut) };
  };
  return new Map(playbooks.map(({ plan }) => [plan.name, hurried(plan)]));
}

export const SHIPPED: ReadonlyMap<string, ShippedPlan> = shippedPlans();

export function shipped(name: string): ShippedPlan {
  const found = SHIPPED.get(name);
  if (found === undefined) throw new Error(`no playbook ${name} is shipped`);
  return found;
}

export const SUSPECT = 5;

/** One way through a shipped playbook: what the world shows, and what people answer. */
export type Path = {
  readonly playbook: string;
  readonly inputs: Values;
  /** The word of the run when nothing goes wrong. */
  readonly end: string;
  /** Whether two journals of the suspect disagree. */
  readonly forked: boolean;
  /** Whether validators are away until people have been told. */
  readonly outage: boolean;
  /** A key that holds a coin exists before. */
  readonly key: boolean;
  /** By step. */
  readonly answers: Readonly<Record<string, Values>>;
};

const THEFT = { inspect: { verdict: 'theft', note: 'a copy of the folder ran elsewhere' } } as const;
export const PATHS: Readonly<Record<string, Path>> = {
  'a share was stolen': {
    playbook: 'suspected-share-theft',
    inputs: { suspect: SUSPECT },
    end: 'completed',
    forked: false,
    outage: false,
    key: true,
    answers: THEFT,
  },
  'it was maintenance': {
    playbook: 'suspected-share-theft',
    inputs: { suspect: SUSPECT },
    end: 'maintenance',
    forked: false,
    outage: false,
    key: false,
    answers: { inspect: { verdict: 'maintenance', note: 'the operator copied a log' } },
  },
  'a node is misconfigured': {
    playbook: 'identity-seen-twice',
    inputs: { validator: SUSPECT },
    end: 'misconfigured',
    forked: false,
    outage: false,
    key: false,
    answers: { explain: { cause: 'container', stopped: true } },
  },
  'journals have forked': {
    playbook: 'identity-seen-twice',
    inputs: { validator: SUSPECT },
    end: 'theft',
    forked: true,
    outage: false,
    key: true,
    answers: THEFT,
  },
  'a validator is offline and comes back': {
    playbook: 'validator-offline',
    inputs: { validator: SUSPECT, enough: 5 },
    end: 'completed',
    forked: false,
    outage: true,
    key: false,
    answers: { repair: { cause: 'power' } },
  },
  'break-glass was needed': {
    playbook: 'break-glass-review',
    inputs: {},
    end: 'reviewed',
    forked: false,
    outage: false,
    key: false,
    answers: { review: { who: 'ann', why: 'a copy', verdict: 'needed' } },
  },
  'break-glass was a mistake': {
    playbook: 'break-glass-review',
    inputs: {},
    end: 'doubted',
    forked: false,
    outage: false,
    key: false,
    answers: { review: { who: 'ann', why: 'a drill', verdict: 'mistaken' } },
  },
};

/** The plan of the path, and those that it runs as steps, each under the step that runs it. */
export function plansOf({ playbook }: Pick<Path, 'playbook'>): ReadonlyMap<string, ShippedPlan> {
  const outer = shipped(playbook);
  const inner = everyStep(outer.plan.steps).flatMap((step) =>
    'playbook' in step ? [[step.id, shipped(step.playbook)] as const] : [],
  );
  return new Map([['', outer], ...inner]);
}

/** How trouble names the effect by which a step is executed; undefined: it has none of its own. */
export function effectOfStep(step: Step): string | undefined {
  if ('probe' in step) return `look ${step.probe}`;
  return 'action' in step || 'workflow' in step || 'notify' in step || 'approval' in step ? step.id : undefined;
}
