import { createHash } from 'node:crypto';
import { Stack } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { IConstruct } from 'constructs';

/**
 * A digest of all task definitions of a scope. Each change of one makes a new revision with another ARN, while the template still
 * refers to it by the same name.
 */
export function revisionOf(scope: IConstruct): string {
  const hash = createHash('sha256');
  for (const task of scope.node.findAll().filter((each) => each instanceof ecs.CfnTaskDefinition)) {
    const { family, cpu, memory, executionRoleArn, taskRoleArn, volumes, ephemeralStorage, runtimePlatform } = task;
    const rest = { executionRoleArn, taskRoleArn, volumes, ephemeralStorage, runtimePlatform };
    const properties = { family, cpu, memory, containers: task.containerDefinitions, ...rest };
    hash.update(JSON.stringify(Stack.of(task).resolve(properties)));
  }
  return hash.digest('hex');
}
