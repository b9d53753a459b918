import { bootstrap, bootstrapVersion } from '../../../adapters/aws/account/bootstrap.ts';
import { isFilled, isOrphaned } from '../../../adapters/aws/account/kept.ts';
import { parameterOf } from '../../../adapters/aws/account/parameters.ts';
import { hasServiceRole, makeServiceRole } from '../../../adapters/aws/account/service-role.ts';
import { failureOf, findCloudStack, isWhole, settled } from '../../../adapters/aws/account/stacks.ts';
import type { Check } from '../../../core/doctor/finding.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { Output } from '../../terminal/output.ts';
import { bootstrapArgs, deployArgs, runCdk, shownCdk } from './cdk.ts';
import { blocked, buildsImages } from './checks.ts';
import { builtImagesStep, pushedImagesStep } from './images-step.ts';
import { type AskSecret, modelKeysStep } from './model-keys.ts';
import type { Deployment } from './settings.ts';
import type { Step } from './steps.ts';

export interface UpContext {
  deployment: Deployment;
  policy: Policy;
  account: string;
  output: Output;
  /** Approval of IAM changes by the CDK, which asks for it at a terminal. */
  approval: 'broadening' | 'never';
  askSecret: AskSecret;
  /** Creates the GitHub App with a person at a browser; absent where nobody is. */
  setupApp: (() => Promise<void>) | undefined;
  /** As `drydock github setup`, for a person. */
  setupCommand: string;
  doctor(): Promise<Check[]>;
}

/** From an account to a deployment that works. Each step looks for its own result, so all of them may be repeated. */
export const upSteps = (context: UpContext): Step[] => [
  serviceRoleStep(context),
  bootstrapStep(context),
  keptStep(context),
  ...(buildsImages(context.deployment) ? [] : [pushedImagesStep(context.deployment)]),
  modelKeysStep(context.deployment.aws, context.deployment.names.parameters, context.policy, context.askSecret),
  runStep(context),
  appStep(context),
  // While CodeBuild builds, the person creates the App.
  ...(buildsImages(context.deployment) ? [builtImagesStep(context.deployment, context.output)] : []),
  doctorStep(context),
];

function serviceRoleStep({ deployment: { aws } }: UpContext): Step {
  return {
    name: 'ECS role',
    why: 'ECS starts the sandboxes with it; one for the whole account',
    would: 'aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com',
    look: async () => ({ done: await hasServiceRole(aws), detail: 'AWSServiceRoleForECS' }),
    async act() {
      await makeServiceRole(aws);
      return 'made AWSServiceRoleForECS';
    },
  };
}

function bootstrapStep({ deployment, account, output }: UpContext): Step {
  const { aws } = deployment;
  const args = bootstrapArgs(account, deployment);
  return {
    name: 'bootstrap',
    why: 'the CDK deploys with it: the stack CDKToolkit with a bucket, an image repository and five roles, one of which CloudFormation may use for everything (docs/deploy-policy.md has a narrower one)',
    would: shownCdk(args),
    async look() {
      const version = await bootstrapVersion(aws);
      return { done: version >= bootstrap.version, detail: `version ${version} in ${aws.region}` };
    },
    async act() {
      await cdk(args, 'CDKToolkit', deployment, output);
      return `CDKToolkit is in ${aws.region}`;
    },
  };
}

function keptStep(context: UpContext): Step {
  const { aws, names } = context.deployment;
  const deploy = deployStep(context, names.kept);
  return {
    ...deploy,
    why: 'tables, artifacts, images, key and secrets: kept when everything else is deleted',
    async look() {
      if (!(await isOrphaned(aws, names.kept, names.parameters))) return deploy.look();
      return { done: true, detail: `adopted: ${names.parameters}/… name what an earlier ${names.kept} kept` };
    },
  };
}

const runStep = (context: UpContext): Step => ({
  ...deployStep(context, context.deployment.names.run),
  why: 'state machine, functions, networks and sandboxes',
});

/** The CDK compares the template with the stack, and changes nothing where nothing differs. */
function deployStep({ deployment, output, approval }: UpContext, stack: string): Omit<Step, 'why'> {
  const { aws } = deployment;
  const args = deployArgs(stack, deployment);
  const wait = () =>
    settled(aws, stack, ({ status }) => output.err(`${stack} is ${status}; waiting for CloudFormation.`));
  return {
    name: stack,
    would: shownCdk(args),
    async look() {
      const found = await findCloudStack(aws, stack);
      return { done: false, detail: found?.status ?? 'not there' };
    },
    async act() {
      // A deployment that an earlier command began goes on in CloudFormation.
      await wait();
      await cdk([...args, '--require-approval', approval], stack, deployment, output);
      const found = await wait();
      if (found === undefined || !isWhole(found)) throw await failed(stack, deployment, found?.status ?? 'not there');
      return found.status;
    },
  };
}

function appStep({ deployment: { aws, names }, setupApp, setupCommand }: UpContext): Step {
  const isStored = async (): Promise<boolean> => {
    const arn = await parameterOf(aws, `${names.parameters}/github`);
    return arn !== undefined && (await isFilled(aws, arn));
  };
  return {
    name: 'GitHub App',
    why: 'reads specs, pushes branches, opens draft pull requests; its key goes from GitHub into the account, through no file',
    would: setupCommand,
    look: async () => ({ done: await isStored(), detail: 'stored in the secret GitHubApp' }),
    async act() {
      if (setupApp === undefined)
        return { todo: `Create the App at a terminal, with a browser on the same machine: ${setupCommand}` };
      await setupApp();
      return 'created and stored in the secret GitHubApp; install it on the repositories of the policy';
    },
  };
}

function doctorStep({ doctor, deployment: { target } }: UpContext): Step {
  return {
    name: 'doctor',
    why: 'the deployment checks itself',
    would: `drydock doctor --aws --stack ${target.stack} --region ${target.region}`,
    look: async () => ({ done: false, detail: '' }),
    async act() {
      const checks = await doctor();
      const error = blocked(checks);
      if (error !== undefined) {
        const remedies = checks.filter(({ ok, required }) => required && !ok).map(({ remedy }) => remedy);
        throw new DrydockError('CheckFailed', error.message, { remedy: remedies.join('\n') });
      }
      const open = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
      return open.length === 0 ? `${checks.length} checks passed` : `works; look at ${open.join('; ')}`;
    },
  };
}

/** @throws DeploymentFailed with CloudFormation's reason. */
async function cdk(args: string[], stack: string, deployment: Deployment, output: Output): Promise<void> {
  output.err(`$ ${shownCdk(args)}`);
  if (!(await runCdk(args, deployment))) throw await failed(stack, deployment, 'the CDK ended with an error');
}

async function failed(stack: string, { aws }: Deployment, status: string): Promise<DrydockError> {
  const reason = await failureOf(aws, stack).catch(() => undefined);
  return new DrydockError('DeploymentFailed', `${stack}: ${status}${reason === undefined ? '.' : `. ${reason}`}`, {
    remedy:
      reason === undefined
        ? 'Read what the CDK printed above, mend it, and type the same command again.'
        : 'Mend the cause, and type the same command again: what was made is kept or made again.',
  });
}
