import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

interface RotationProps {
  rotate: lambda.Function;
  /** ARNs by the name of their schedule. */
  secrets: Record<string, string>;
}

/** Days between two values of a secret; sooner than the alarm for those that nothing rotates. */
const everyDays = 60;

/**
 * Secrets that get a new value by themselves. The schedules are in the stack of the function, as the stack that keeps the
 * secrets must not need this one.
 */
export class Rotation extends Construct {
  constructor(scope: Construct, id: string, { rotate, secrets: rotated }: RotationProps) {
    super(scope, id);
    const permission = 'SecretsManager';
    rotate.addPermission(permission, {
      principal: new iam.ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
    });
    for (const [name, secretId] of Object.entries(rotated)) {
      const schedule = new secrets.CfnRotationSchedule(this, name, {
        secretId,
        rotationLambdaArn: rotate.functionArn,
        rotationRules: { automaticallyAfterDays: everyDays },
        // A deployment changes no secret; it only tries the function.
        rotateImmediatelyOnUpdate: false,
      });
      schedule.node.addDependency(rotate.node.findChild(permission));
    }
  }
}
