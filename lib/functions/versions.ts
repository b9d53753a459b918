import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { LAMBDA_RECOGNIZE_LAYER_VERSION } from 'aws-cdk-lib/cx-api';
import type { IConstruct } from 'constructs';
import { kept } from '../storage/kept.ts';
import type { State } from '../storage/state.ts';

/**
 * Lets what a layer holds count as a part of the functions that have it, whatever the app says: a new policy is a new version of
 * the functions that read it. Called before the scope has children.
 */
export const recognizeLayers = (scope: IConstruct): void => scope.node.setContext(LAMBDA_RECOGNIZE_LAYER_VERSION, true);

/**
 * Options of published versions. A version is kept when its code is replaced, because executions that wait call it for as long
 * as they live; Lambda deletes it with its function. The version of a failed deployment is deleted: Lambda would not publish
 * the same code again, and the next deployment would fail.
 *
 * CloudFormation publishes anew when the description changes: after a restore the template is the same, and the tables are
 * others. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
 */
export const versionsOn = (state: State): lambda.VersionOptions => ({ removalPolicy: kept, description: state.runs });

/**
 * ARN of the version that an execution started now keeps until it ends.
 * @param revision Changes with the resources that the environment names by a reference, which reads the same when one is
 * replaced. Lambda publishes nothing without a change, so it is given only for a function whose environment names them.
 */
export function publish(published: lambda.Function, revision?: string): string {
  if (revision !== undefined) published.invalidateVersionBasedOn(revision);
  return published.currentVersion.functionArn;
}
