import { setTimeout as delay } from 'node:timers/promises';
import { type Check, fail, pass, warn } from '../../../core/doctor/finding.ts';
import { ServiceFault } from '../signed.ts';
import { type Aws, listOf, type Tree, textOf } from './client.ts';

export interface FoundStack {
  id: string;
  status: string;
  description: string;
  outputs: Record<string, string>;
}

/** States from which CloudFormation does not go on by itself, and that no deployment mends. */
const stuck = new Set(['ROLLBACK_FAILED', 'UPDATE_ROLLBACK_FAILED', 'DELETE_FAILED', 'IMPORT_ROLLBACK_FAILED']);
/** A stack that only has a change set: nothing of it is made. */
const notMade = 'REVIEW_IN_PROGRESS';

/** Undefined if there is none, also for one that was deleted. @param name Name or id. @throws ServiceFault. */
export async function findCloudStack(aws: Aws, name: string): Promise<FoundStack | undefined> {
  let found: Tree | undefined;
  try {
    [found] = listOf((await aws.query('cloudformation', 'DescribeStacks', { StackName: name })).Stacks, 'member');
  } catch (error) {
    // `Stack with id Drydock does not exist`
    if (error instanceof ServiceFault && error.code === 'ValidationError' && /does not exist/.test(error.message))
      return undefined;
    throw error;
  }
  const status = textOf(found?.StackStatus);
  if (found === undefined || status === 'DELETE_COMPLETE' || status === notMade) return undefined;
  return {
    id: textOf(found.StackId),
    status,
    description: textOf(found.Description),
    outputs: Object.fromEntries(
      listOf(found.Outputs, 'member').map(({ OutputKey, OutputValue }) => [textOf(OutputKey), textOf(OutputValue)]),
    ),
  };
}

const isUnderWay = ({ status }: FoundStack): boolean => status.endsWith('_IN_PROGRESS');
/** Made, and whole: the last change succeeded, or was taken back completely. */
export const isWhole = ({ status }: FoundStack): boolean =>
  /^(?:CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_COMPLETE$/.test(status);

/**
 * Waits while CloudFormation changes a stack.
 * @param waiting Called once, if there is something to wait for. @param pollMs Between two reads.
 */
export async function settled(
  aws: Aws,
  name: string,
  waiting: (stack: FoundStack) => void,
  pollMs = 5_000,
): Promise<FoundStack | undefined> {
  let stack = await findCloudStack(aws, name);
  if (stack === undefined || !isUnderWay(stack)) return stack;
  waiting(stack);
  const { id } = stack;
  while (stack !== undefined && isUnderWay(stack)) {
    await delay(pollMs);
    stack = await findCloudStack(aws, id);
  }
  return stack;
}

/** Pages of events that are read to find the first failure; a page holds the events of about 100 changes. */
const maxPages = 10;

/** Why the last change of a stack failed: the resource that failed first, with CloudFormation's reason. */
export async function failureOf(aws: Aws, stack: string): Promise<string | undefined> {
  let next = '';
  let reason: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const answer = await aws.query('cloudformation', 'DescribeStackEvents', {
      StackName: stack,
      ...(next === '' ? {} : { NextToken: next }),
    });
    for (const event of listOf(answer.StackEvents, 'member')) {
      const status = textOf(event.ResourceStatus);
      const said = textOf(event.ResourceStatusReason);
      const itself = textOf(event.PhysicalResourceId) === textOf(event.StackId);
      // Newest first: what failed first comes last, and before that is the beginning of the change.
      if (itself && said === 'User Initiated') return reason;
      if (!itself && status.endsWith('_FAILED') && !/cancelled/i.test(said))
        reason = `${textOf(event.LogicalResourceId)} (${textOf(event.ResourceType)}): ${said}`.slice(0, 1_000);
    }
    next = textOf(answer.NextToken);
    if (next === '') return reason;
  }
  return reason;
}

/** @param description That of Drydock's stack; another one means that the name is taken. */
export async function stackCheck(aws: Aws, name: string, description: string): Promise<Check[]> {
  const label = `stack ${name}`;
  const stack = await findCloudStack(aws, name);
  if (stack === undefined) return [pass(label, 'not there yet')];
  const page = `https://${aws.region}.console.aws.amazon.com/cloudformation/home`;
  if (stack.description !== description)
    return [
      fail(
        label,
        `is of something else: ${JSON.stringify(stack.description.slice(0, 100))}`,
        'Write another `name` in the settings, such as DrydockDev; or deploy with this name from where it is.',
      ),
    ];
  if (stuck.has(stack.status))
    return [
      fail(
        label,
        stack.status,
        `Read the events of the stack at ${page}, mend the cause, then delete the stack or continue its rollback there.`,
      ),
    ];
  if (isUnderWay(stack)) return [warn(label, stack.status, 'drydock aws up waits for it.')];
  return [pass(label, stack.status)];
}
