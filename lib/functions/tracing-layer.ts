import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { propError } from '../props/prop-error.ts';

/**
 * Beside the functions' bundles: what all of them load to take part in a trace, once for all.
 * @internal for its tests
 */
export const tracingFolder = 'tracing-layer';

/**
 * The layer of that folder, made once beside the construct that asks.
 * @throws FileUnreadable when it was not bundled.
 */
export function tracingLayer(asking: Construct, bundles: string): lambda.LayerVersion {
  const home = asking.node.scope instanceof Construct ? asking.node.scope : asking;
  const made = home.node.tryFindChild('Tracing');
  if (made instanceof lambda.LayerVersion) return made;
  const folder = join(bundles, tracingFolder);
  if (!existsSync(folder))
    throw propError(asking, 'FileUnreadable', `${folder} is not there; bundle the functions first`);
  return new lambda.LayerVersion(home, 'Tracing', {
    description: 'Drydock: what its functions take part in traces with',
    code: lambda.Code.fromAsset(folder),
    compatibleRuntimes: [lambda.Runtime.NODEJS_24_X],
    compatibleArchitectures: [lambda.Architecture.ARM_64],
  });
}
