import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { rotationDays } from '../names.ts';

interface RotationProps {
  rotate: lambda.Function;
  /** ARN of each secret by the id of its schedule. */
  secrets: Record<string, string>;
}

/**
 * Secrets that rotate automatically. The schedules are in the stack of the function, because the stack of the secrets
 * must not depend on this one.
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
        rotationRules: { automaticallyAfterDays: rotationDays },
        // A deployment does not rotate a secret; Secrets Manager only tests the function.
        rotateImmediatelyOnUpdate: false,
      });
      schedule.node.addDependency(rotate.node.findChild(permission));
    }
  }
}
