import { z } from 'zod';
import { ACTION_CLASSES } from '../../domain/committee/committee.ts';
import { EFFECTS, ROLES } from '../../domain/playbook/plan.ts';
import { dottedName, duration, expression, few, line, name, prose, scalarType, time, withArguments } from './fields.ts';

const base = {
  id: name.describe('the name of the step in results, approvals, records and on the screen'),
  summary: line.describe('one line for whoever watches the run'),
  when: expression.optional().describe('the step is skipped unless this holds'),
  timeout: duration.optional().describe('from the start of the step to its end, retries included'),
  set: few(expression, 20).optional().describe('variables that get a value from the result: name to CEL'),
  onFailure: z
    .enum(['fail', 'continue'])
    .optional()
    .describe('fail (default): the playbook decides; continue: go on without the results'),
};
/** Steps that contain steps wait for those; they have no time of their own. */
const { timeout: _none, set: _unset, ...outer } = base;

const retry = z
  .strictObject({
    attempts: z.int().min(1).max(100),
    delay: duration.optional().describe('before the second attempt; doubles each time; default 2s'),
    delayMax: duration.optional().describe('default 1m'),
  })
  .optional()
  .describe('default: 3 attempts, one for an irreversible step');
const effectful = {
  effect: z
    .enum(EFFECTS as ['none', 'reversible', 'irreversible'])
    .describe('what the world looks like afterwards; never weaker than the catalogue says'),
  retry,
  heartbeat: duration.optional().describe('longest silence of one attempt'),
  compensate: z
    .strictObject({ action: dottedName, with: withArguments })
    .optional()
    .describe('how a finished reversible step is undone; may read result'),
};
const required = { timeout: base.timeout.unwrap() };

const action = z.strictObject({ ...base, ...required, action: dottedName, with: withArguments, ...effectful });
const workflow = z.strictObject({ ...base, ...required, workflow: dottedName, with: withArguments, ...effectful });
const playbook = z.strictObject({ ...base, ...required, playbook: dottedName, with: withArguments });
const approval = z.strictObject({
  ...base,
  ...required,
  approval: z.strictObject({
    class: z.enum(ACTION_CLASSES).describe('the class of decision, whose threshold the committee sets'),
    covers: z.array(name).min(1).max(20).describe('the steps whose exact arguments the members sign'),
    question: prose,
    quorum: z.int().min(1).max(1_000).optional().describe('more signatures than the threshold of the class'),
    escalate: z.strictObject({ after: duration, channels: z.array(dottedName).min(1).max(10) }).optional(),
  }),
});
const formField = z.strictObject({
  type: scalarType,
  label: line,
  options: z.array(line).min(2).max(20).optional(),
  pattern: z.string().optional().describe('RE2; the whole answer must match'),
  minimum: z.int().optional(),
  maximum: z.int().optional(),
});
const task = z.strictObject({
  ...base,
  ...required,
  task: z.strictObject({
    role: z.enum(ROLES),
    instruction: prose,
    form: few(formField, 20).describe('the answers are the results of the step'),
  }),
});
const wait = z.strictObject({
  ...base,
  wait: z.union([z.strictObject({ for: duration }), z.strictObject({ until: expression })]),
});
const notify = z.strictObject({
  ...base,
  notify: z.strictObject({
    channels: z.array(dottedName).min(1).max(10),
    message: prose,
    confirm: z
      .int()
      .min(0)
      .max(10)
      .optional()
      .describe('how many channels that share no route must confirm delivery; default 1'),
  }),
  retry,
});
const probe = z.strictObject({
  ...base,
  probe: dottedName,
  with: withArguments,
  expect: expression.optional().describe('over result; false fails the step'),
  hold: z.strictObject({ for: time, every: time }).optional().describe('look again and again for so long'),
  retry,
});
const end = z.strictObject({
  id: base.id,
  summary: base.summary,
  when: base.when,
  end: z.strictObject({ outcome: name.describe('one word for the record, such as contained or misconfigured') }),
});

const parallel = z.strictObject({
  ...outer,
  get parallel() {
    return z.strictObject({
      join: z
        .union([z.enum(['all', 'any']), z.strictObject({ atLeast: z.int().min(1).max(20) })])
        .optional()
        .describe('how many branches must succeed; default all'),
      branches: few(steps, 20),
    });
  },
});
const switchStep = z.strictObject({
  ...outer,
  get switch() {
    return z.strictObject({
      cases: z
        .array(z.strictObject({ when: expression, steps: steps }))
        .min(1)
        .max(20),
      otherwise: steps.optional().describe('default: nothing'),
    });
  },
});
const repeat = z.strictObject({
  ...outer,
  get repeat() {
    return z.strictObject({
      times: z.int().min(1).max(1_000).describe('the most rounds'),
      until: expression.describe('asked after each round'),
      every: time.optional().describe('pause between rounds; default 10s'),
      steps,
    });
  },
});
const forEach = z.strictObject({
  ...outer,
  get forEach() {
    return z.strictObject({
      in: expression.describe('a list'),
      as: name.describe('the name of the item in the steps'),
      atMost: z.int().min(1).max(128).describe('a longer list fails the step'),
      concurrency: z.int().min(1).max(20).optional().describe('default 1'),
      steps,
    });
  },
});

/** In the order of `STEP_KINDS`, by which a message finds the kind that the author meant. */
const step: z.ZodType<SourceStep> = z.lazy(() =>
  z.union([
    action,
    workflow,
    playbook,
    approval,
    task,
    wait,
    parallel,
    switchStep,
    repeat,
    forEach,
    notify,
    probe,
    end,
  ]),
);
export const steps: z.ZodType<SourceStep[]> = z.lazy(() => z.array(step).max(60));

type Leaf<Schema extends z.ZodType> = z.infer<Schema>;
type Outer = { id: string; summary: string; when?: string | undefined; onFailure?: 'fail' | 'continue' | undefined };
export type SourceStep =
  | Leaf<typeof action>
  | Leaf<typeof workflow>
  | Leaf<typeof playbook>
  | Leaf<typeof approval>
  | Leaf<typeof task>
  | Leaf<typeof wait>
  | Leaf<typeof notify>
  | Leaf<typeof probe>
  | Leaf<typeof end>
  | (Outer & {
      parallel: { join?: 'all' | 'any' | { atLeast: number } | undefined; branches: Record<string, SourceStep[]> };
    })
  | (Outer & { switch: { cases: { when: string; steps: SourceStep[] }[]; otherwise?: SourceStep[] | undefined } })
  | (Outer & { repeat: { times: number; until: string; every?: string | undefined; steps: SourceStep[] } })
  | (Outer & {
      forEach: { in: string; as: string; atMost: number; concurrency?: number | undefined; steps: SourceStep[] };
    });
export type SourceArguments = Record<string, string | number | boolean | (string | number | boolean)[]> | undefined;
