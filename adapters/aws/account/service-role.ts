import { type Check, pass, warn } from '../../../core/doctor/finding.ts';
import { ServiceFault } from '../signed.ts';
import type { Aws } from './client.ts';

const ecs = { role: 'AWSServiceRoleForECS', service: 'ecs.amazonaws.com' } as const;

export async function hasServiceRole(aws: Aws): Promise<boolean> {
  try {
    await aws.query('iam', 'GetRole', { RoleName: ecs.role });
    return true;
  } catch (error) {
    if (error instanceof ServiceFault && error.code === 'NoSuchEntity') return false;
    throw error;
  }
}

/** Makes the service-linked role of ECS. One that another process made meanwhile is as good. */
export async function makeServiceRole(aws: Aws): Promise<void> {
  try {
    await aws.query('iam', 'CreateServiceLinkedRole', { AWSServiceName: ecs.service });
  } catch (error) {
    // `Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.`
    if (error instanceof ServiceFault && error.code === 'InvalidInput' && /has been taken/.test(error.message)) return;
    throw error;
  }
}

export async function serviceRoleCheck(aws: Aws): Promise<Check[]> {
  if (await hasServiceRole(aws)) return [pass('ECS role', ecs.role)];
  const command = `aws iam create-service-linked-role --aws-service-name ${ecs.service}`;
  return [warn('ECS role', `the account has no ${ecs.role}`, `drydock aws up makes it: ${command}`)];
}
