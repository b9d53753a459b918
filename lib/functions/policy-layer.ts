import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Policy } from '../../core/policy/schema.ts';

const file = 'drydock.policy.json';
/** Path of the policy in the functions that have this layer. */
export const policyPath = `/opt/${file}`;

/**
 * The operator's policy as a file in a layer: environment variables are limited to 4 KB, and a parameter could change
 * without a deployment.
 */
export class PolicyLayer extends Construct {
  readonly layer: lambda.LayerVersion;

  constructor(scope: Construct, id: string, policy: Policy) {
    super(scope, id);
    const folder = mkdtempSync(join(tmpdir(), 'drydock-policy-'));
    writeFileSync(join(folder, file), `${JSON.stringify(policy, null, 2)}\n`, { mode: 0o644 });
    this.layer = new lambda.LayerVersion(this, 'Layer', {
      description: 'Drydock: policy',
      // Copies the folder to the CDK output immediately, so it can be removed below.
      code: lambda.Code.fromAsset(folder),
      compatibleArchitectures: [lambda.Architecture.ARM_64],
    });
    rmSync(folder, { recursive: true });
  }
}
