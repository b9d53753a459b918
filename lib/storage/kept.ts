import { Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * What is kept when its stack is deleted, but not when its creation fails: what a failed deployment left would be in the way of
 * the next one (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html).
 */
export const kept = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/**
 * The last part of the stack's id. A resource that is kept and needs a name of its own has it in the name: the next stack of
 * the same name has another one.
 */
export const stackSuffix = (scope: Construct): string =>
  Fn.select(4, Fn.split('-', Fn.select(2, Fn.split('/', Stack.of(scope).stackId))));
