import { ApplicationFailure, CompleteAsyncError, type Context, type Info } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import type { FailureCode } from '../../../domain/errors/failure.ts';
import { RUN_PLAYBOOK } from '../../../workflows/run-playbook/messages.ts';

/**
 * What whoever carries an effect out leaves behind when it dies in the moment after: `unheard`, the engine learns at once that the word
 * of it was lost; `silent`, nothing is ever said, and the engine notices by the missing heartbeat, as of a process that got SIGKILL.
 */
export type Death = 'unheard' | 'silent';
/** `after`: so many executions are left alone first; `times`: so many are refused then. */
export type Refused = { after: number; times: number; readonly code: FailureCode; readonly again: boolean };

/** What goes wrong with the effects of runs. An effect is called as its step, `look <probe>`, or `<step>/undo`. */
export type Trouble = {
  readonly refused: Map<string, Refused>;
  dies: (effect: string | undefined, activity: Info) => Death | undefined;
  /** `<workflow> <effect>` of each effect after which its executor died. */
  readonly died: Set<string>;
  /** Actions and processes with what they were given, each once; none that takes something back. */
  readonly given: GivenOut[];
};
export type GivenOut = {
  readonly workflowId: string;
  readonly step: string;
  readonly does: string;
  readonly with: Readonly<Record<string, unknown>>;
};
export const noTrouble = (): Trouble => ({ refused: new Map(), dies: () => undefined, died: new Set(), given: [] });

const REFUSED = 'as the test wants';

export const troubling =
  (trouble: Trouble) =>
  ({ info }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const effect = effectIn(info, input.args);
        trouble.given.push(...givenIn(info, input.args));
        const no = info.attempt === 1 ? refusalOf(trouble, effect) : undefined;
        if (no !== undefined) {
          const { code, again } = no;
          if (info.activityType === 'performAction')
            return { outcome: 'no', refusal: { code, message: REFUSED }, again };
          throw ApplicationFailure.create({ type: code, message: REFUSED, nonRetryable: true });
        }
        const result = await next(input);
        const death = info.attempt === 1 ? trouble.dies(effect, info) : undefined;
        if (death === undefined) return result;
        trouble.died.add(`${info.workflowExecution?.workflowId ?? ''} ${effect ?? info.activityType}`);
        if (death === 'silent') throw new CompleteAsyncError();
        throw ApplicationFailure.create({
          type: 'unavailable.completion',
          message: 'its executor died',
          nextRetryDelay: 50,
        });
      },
    },
  });

function refusalOf({ refused }: Trouble, effect: string | undefined): Refused | undefined {
  const entry = effect === undefined ? undefined : refused.get(effect);
  if (entry === undefined) return undefined;
  if (entry.after > 0) {
    entry.after -= 1;
    return undefined;
  }
  if (entry.times === 0) return undefined;
  entry.times -= 1;
  return entry;
}

function givenIn({ attempt, workflowExecution, activityType }: Info, [argument]: readonly unknown[]): GivenOut[] {
  const { key = '', asked, action, workflow, arguments: values } = argument as Given;
  const does = activityType === 'performAction' ? action : activityType === 'prepareProcess' ? workflow : undefined;
  if (does === undefined || asked === undefined || attempt > 1 || key.endsWith('/undo')) return [];
  return [{ workflowId: workflowExecution?.workflowId ?? '', step: asked.step, does, with: values ?? {} }];
}

type Given = {
  readonly key?: string;
  readonly action?: string;
  readonly workflow?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly probe?: string;
  readonly asked?: { readonly step: string };
  readonly expected?: { readonly step: string };
};

function effectIn({ workflowType, activityType }: Info, [argument]: readonly unknown[]): string | undefined {
  if (workflowType !== RUN_PLAYBOOK) return undefined;
  const { key = '', probe, asked, expected } = argument as Given;
  switch (activityType) {
    case 'performAction':
      return `${lastOf(asked?.step ?? '')}${key.endsWith('/undo') ? '/undo' : ''}`;
    case 'prepareProcess':
      return asked?.step;
    case 'judgeApproval':
      return expected?.step;
    case 'lookAt':
      return `look ${probe ?? ''}`;
    case 'notifyPeople':
      return lastOf(key).replace(/[[#].*$/, '');
    default:
      return undefined;
  }
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
