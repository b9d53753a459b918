import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Policy } from '../../core/policy/schema.ts';

const file = 'drydock.policy.json';
/** Where functions with the layer find the policy. */
export const policyPath = `/opt/${file}`;

/**
 * The operator's policy as a file beside the functions that read it: an environment holds 4 KB, and a parameter would
 * change under a deployment.
 */
export class PolicyLayer extends Construct {
  readonly layer: lambda.LayerVersion;

  constructor(scope: Construct, id: string, policy: Policy) {
    super(scope, id);
    const folder = mkdtempSync(join(tmpdir(), 'drydock-policy-'));
    writeFileSync(join(folder, file), `${JSON.stringify(policy, null, 2)}\n`, { mode: 0o644 });
    this.layer = new lambda.LayerVersion(this, 'Layer', {
      description: 'Drydock: policy',
      // Copied to the output right here.
      code: lambda.Code.fromAsset(folder),
      compatibleArchitectures: [lambda.Architecture.ARM_64],
    });
    rmSync(folder, { recursive: true });
  }
}
