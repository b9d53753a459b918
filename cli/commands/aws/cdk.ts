import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-info.ts';
import { DrydockError } from '../../../core/errors.ts';
import type { Deployment } from './settings.ts';

/** Version of the CDK's command line. It reads the templates of every aws-cdk-lib that is older. */
const cdkVersion = '2.1148.1';

/** As a person would type it. */
export const shownCdk = (args: readonly string[]): string => `npx aws-cdk@${cdkVersion} ${args.join(' ')}`;

/** The arguments for one of the deployment's stacks, without the other one. */
export const deployArgs = (stack: string, { file }: Pick<Deployment, 'file'>): string[] => [
  'deploy',
  stack,
  '--exclusively',
  ...['-c', `settings=${file}`],
];

export const bootstrapArgs = (account: string, { aws, file }: Pick<Deployment, 'aws' | 'file'>): string[] => [
  'bootstrap',
  `aws://${account}/${aws.region}`,
  ...['-c', `settings=${file}`],
];

/**
 * Runs the CDK's command line in the checkout, with its output on standard error.
 * @returns Whether it succeeded. @throws ToolMissing, UsageError outside of a checkout.
 */
export async function runCdk(args: readonly string[], { target }: Pick<Deployment, 'target'>): Promise<boolean> {
  const root = packageRoot();
  if (!existsSync(join(root, 'cdk.json'))) {
    throw new DrydockError('UsageError', 'This is an installed package, and a deployment is made from a checkout.', {
      remedy: 'Clone the repository, type `npm ci` there, and run the command there.',
    });
  }
  const profile = target.profile === undefined ? [] : ['--profile', target.profile];
  const child = spawn('npx', ['--yes', `aws-cdk@${cdkVersion}`, ...args, ...profile], {
    cwd: root,
    env: { ...process.env, AWS_REGION: target.region, AWS_DEFAULT_REGION: target.region },
    // Its standard output would mix with the document of --json.
    stdio: ['inherit', 2, 2],
  });
  return new Promise((done, fail) => {
    child.on('error', () =>
      fail(new DrydockError('ToolMissing', 'npx was not found.', { remedy: 'Install Node with npm.' })),
    );
    child.on('close', (code) => done(code === 0));
  });
}
