import type { ChildWorkflowOptions } from '@temporalio/workflow';
import type { StartOptions } from './start.ts';

type Options<Input> = Pick<
  StartOptions<Input>,
  'workflowId' | 'args' | 'workflowTaskTimeout' | 'staticSummary' | 'staticDetails' | 'typedSearchAttributes'
> &
  Required<Pick<ChildWorkflowOptions, 'workflowIdReusePolicy' | 'parentClosePolicy' | 'cancellationType'>>;

/**
 * A process as the child of another: the same name, page and lock as when a client starts it, in the queue of its parent. Its
 * parent's end asks it to end as well; a process under the same name is not joined but an error.
 */
export const childOptions = <Input>(start: StartOptions<Input>): Options<Input> => {
  const { workflowId, args, workflowTaskTimeout, staticSummary, staticDetails, typedSearchAttributes } = start;
  return {
    workflowId,
    args,
    workflowTaskTimeout,
    staticSummary,
    staticDetails,
    typedSearchAttributes,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    parentClosePolicy: 'REQUEST_CANCEL',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  };
};
