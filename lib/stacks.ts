import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type App, CfnOutput, type Environment, Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { deploymentNames, stackDescriptions } from '../core/deployment/names.ts';
import { Drydock, type DrydockProps } from './drydock.ts';
import { exportState, importState } from './storage/state.ts';
import { Storage } from './storage/storage.ts';

interface StacksProps extends Omit<DrydockProps, 'state' | 'encryptionKey'> {
  /** Name of the stack that is not kept, and the beginning of the name of the other one. Default: `Drydock`. */
  name?: string;
  env?: Environment;
  /** Key of everything stored, made in the stack that it is given. Default: a new one. */
  encryptionKey?: (scope: Stack) => kms.IKey;
  /** Props that need the stack to be made in. */
  more?: (scope: Stack) => Partial<DrydockProps>;
}

export interface Stacks {
  kept: Stack;
  run: Stack;
  drydock: Drydock;
}

/**
 * The two stacks of `bin/app.ts`: the stores, and everything else, which can be deleted and recreated. The first is
 * deployed alone once, so that images and secrets can be stored before the second one needs them.
 */
export function addStacks(app: App, { name = 'Drydock', env, encryptionKey, more, ...props }: StacksProps): Stacks {
  // The parameters through which the two stacks share names; two deployments of an account have two prefixes.
  const names = deploymentNames(name);
  const prefix = names.parameters.slice(1);
  const where = env === undefined ? {} : { env };
  const kept = new Stack(app, names.kept, {
    description: stackDescriptions.kept,
    ...where,
  });
  const key = encryptionKey?.(kept);
  exportState(kept, prefix, new Storage(kept, 'Storage', key ? { encryptionKey: key } : {}).state);
  const run = new Stack(app, names.run, {
    description: stackDescriptions.run,
    ...where,
  });
  run.addStackDependency(kept, 'it reads the names that the first stack writes');
  const drydock = new Drydock(run, 'Drydock', { ...props, ...more?.(run), state: importState(run, prefix) });
  new CfnOutput(run, 'WebhookUrl', { value: drydock.webhookUrl, description: 'Webhook URL of the GitHub App' });
  new CfnOutput(run, 'PolicyDigest', { value: digestOf(props.policy), description: 'SHA-256 of the deployed policy' });
  if (drydock.domainTarget !== undefined) {
    const description = 'Make a CNAME of your domain to this name';
    new CfnOutput(run, 'DomainTarget', { value: drydock.domainTarget, description });
  }
  if (drydock.pagesUrl !== undefined) {
    const description = 'The pages; <this>/login/callback is the redirect URI to register with the issuer';
    new CfnOutput(run, 'PagesUrl', { value: drydock.pagesUrl, description });
  }
  return { kept, run, drydock };
}

/** Of the file as it is, so that `sha256sum` prints the same. */
const digestOf = (policy: DrydockProps['policy']): string =>
  createHash('sha256')
    .update(typeof policy === 'string' ? readFileSync(policy) : JSON.stringify(policy))
    .digest('hex');
