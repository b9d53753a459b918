import { setTimeout as delay } from 'node:timers/promises';
import { openExecutions } from '../../../adapters/aws/account/activity.ts';
import { type FoundStack, failureOf, findCloudStack, settled } from '../../../adapters/aws/account/stacks.ts';
import { stackDescriptions } from '../../../core/deployment/names.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { openStackSession } from '../../remote/options.ts';
import type { ExitCode } from '../../terminal/exit-code.ts';
import { type Output, plain, print } from '../../terminal/output.ts';
import { processTerminal, readLine } from '../../terminal/prompt.ts';
import { policyOf } from './checks.ts';
import { type AwsOptions, type Deployment, openDeployment } from './settings.ts';
import { type Step, takeSteps } from './steps.ts';

export interface DownOptions extends AwsOptions {
  cancel?: boolean;
  dryRun?: boolean;
  confirm?: string;
}

const pollMs = 3_000;
/** Reads until cancelled runs have ended; about a quarter of an hour. */
const maxPolls = 300;

/**
 * `drydock aws down`: deletes the stack that can be made again, and keeps the other one.
 * @throws RunUnfinished, StackUnavailable, before anything was changed.
 */
export async function down(output: Output, options: DownOptions): Promise<ExitCode> {
  const deployment = await openDeployment(options);
  const { aws, names } = deployment;
  const dryRun = options.dryRun === true;
  const stack = await findCloudStack(aws, names.run);
  const kept = [
    `${names.kept} with tables, artifacts, images, key and secrets`,
    `the parameters below ${names.parameters}/`,
    'logs, for three months at most',
    `the pause: after the next deployment, drydock resume --stack ${names.run}`,
  ];
  const remedy = 'To delete these too: docs/operations.md, Tear down.';
  if (stack === undefined) {
    print(output, { deleted: false, steps: [], kept }, () => [`${names.run} is not deployed in ${aws.region}.`]);
    return 0;
  }
  if (stack.description !== stackDescriptions.run) {
    throw new DrydockError('UsageError', `The stack ${names.run} is not one of Drydock.`, {
      remedy: 'Correct `name` in the settings.',
    });
  }
  const open = await openExecutions(aws, stack.id);
  if (open.length > 0 && options.cancel !== true && !dryRun) throw unfinished(open);
  const steps = downSteps(deployment, stack, options.cancel === true, output);
  const { results, person } = await takeSteps(steps, output, {
    dryRun,
    blind: false,
    agree: () => agree(deployment, options.confirm, output),
  });
  print(
    output,
    { deleted: !dryRun && person === undefined, dryRun, steps: results, openRuns: open, kept, remedy },
    () => [
      ...(dryRun
        ? results.map(
            ({ status, name, detail }) => `${status === 'done' ? 'is done ' : 'would do'}  ${name}: ${plain(detail)}`,
          )
        : []),
      ...(dryRun && open.length > 0 && options.cancel !== true ? [unfinished(open).message] : []),
      ...kept.map((what) => `kept      ${what}`),
      remedy,
    ],
  );
  return person === undefined ? 0 : 5;
}

function downSteps(deployment: Deployment, stack: FoundStack, cancel: boolean, output: Output): Step[] {
  const { aws, names, target } = deployment;
  const open = () => openExecutions(aws, stack.id);
  const session = () => openStackSession(target, () => undefined);
  return [
    {
      name: 'pause',
      why: 'no new run begins',
      would: `drydock pause --stack ${names.run}`,
      look: async () => ({ done: false, detail: '' }),
      async act() {
        try {
          // A deployment replaces person and policy by its own.
          const { service } = await session();
          await service.pause(true, '', policyOf(deployment).policy as Policy);
          return 'new runs are queued';
        } catch (error) {
          // Without a run to lose, whoever may delete the stack need not be a person of the policy, nor the stack whole.
          if (!(error instanceof DrydockError) || (await open()).length > 0) throw error;
          return `not done, and no run is unfinished: ${error.message}`;
        }
      },
    },
    {
      name: 'runs',
      why: 'their state machine goes with the stack',
      would: 'cancel the unfinished runs, and wait until they have ended',
      look: async () => ({ done: (await open()).length === 0, detail: 'none is unfinished' }),
      async act() {
        const runs = await open();
        // One that began since the first look.
        if (!cancel) throw unfinished(runs);
        const { service } = await session();
        const cannot = new Map<string, DrydockError>();
        for (const run of runs) {
          try {
            await service.cancel(run, '', 'the deployment is taken down');
          } catch (error) {
            if (!(error instanceof DrydockError)) throw error;
            // `GateClosed`: it ended since the look, and its execution ends by itself. Any other holds up no other run.
            if (error.name !== 'GateClosed') cannot.set(run, error);
          }
        }
        for (let left = await open(), poll = 0; left.length > 0; left = await open(), poll++) {
          const [refused, ...others] = left.map((run) => cannot.get(run));
          if (refused !== undefined && !others.includes(undefined)) throw refused;
          if (poll >= maxPolls)
            return {
              todo: `Runs are still being stopped (drydock status --stack ${names.run}); type the same command again.`,
            };
          await delay(pollMs);
        }
        return `cancelled ${runs.length}`;
      },
    },
    {
      name: names.run,
      why: 'state machine, functions, networks and sandboxes are deleted',
      would: `aws cloudformation delete-stack --stack-name ${names.run} --region ${aws.region}`,
      look: async () => ({ done: (await findCloudStack(aws, stack.id)) === undefined, detail: 'deleted' }),
      async act() {
        const wait = () =>
          settled(
            aws,
            stack.id,
            ({ status }) => output.err(`${names.run} is ${status}; waiting for CloudFormation.`),
            pollMs,
          );
        const before = await findCloudStack(aws, stack.id);
        // A deletion that an earlier command began goes on; another change has to end first.
        if (before?.status !== 'DELETE_IN_PROGRESS') {
          await wait();
          await aws.query('cloudformation', 'DeleteStack', { StackName: stack.id });
        }
        const left = await wait();
        if (left === undefined) return 'deleted';
        const reason = await failureOf(aws, stack.id).catch(() => undefined);
        throw new DrydockError(
          'DeploymentFailed',
          `${names.run}: ${left.status}${reason === undefined ? '.' : `. ${reason}`}`,
        );
      },
    },
  ];
}

function unfinished(open: readonly string[]): DrydockError {
  const named = open.slice(0, 10).map(plain).join(', ');
  const more = open.length > 10 ? ` and ${open.length - 10} more` : '';
  return new DrydockError('RunUnfinished', `${open.length} unfinished: ${named}${more}.`, {
    remedy: 'Wait until they have ended, or give --cancel.',
  });
}

/** @throws UsageError unless somebody types the name of the deployment. */
async function agree({ target: { stack } }: Deployment, confirm: string | undefined, output: Output): Promise<void> {
  if (confirm === stack) return;
  const remedy = `Type its name, or give --confirm ${stack}.`;
  if (confirm !== undefined || process.stdin.isTTY !== true)
    throw new DrydockError('UsageError', `Nobody confirmed that ${stack} is to be deleted.`, { remedy });
  output.err(`This deletes the stack ${stack}; what is kept is listed afterwards.`);
  if ((await readLine(processTerminal, 'Type the name of the deployment: '))?.trim() === stack) return;
  throw new DrydockError('UsageError', 'Nothing was changed.', { remedy });
}
