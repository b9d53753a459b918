import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { propError } from '../props/prop-error.ts';

/**
 * Folder beside the functions' bundles with the tracing code, which all functions share through a layer.
 * @internal for its tests
 */
export const tracingFolder = 'tracing-layer';

/**
 * The layer of that folder, created once per parent construct.
 * @throws FileUnreadable if the folder was not bundled.
 */
export function tracingLayer(scope: Construct, bundles: string): lambda.LayerVersion {
  const parent = scope.node.scope instanceof Construct ? scope.node.scope : scope;
  const existing = parent.node.tryFindChild('Tracing');
  if (existing instanceof lambda.LayerVersion) return existing;
  const folder = join(bundles, tracingFolder);
  if (!existsSync(folder))
    throw propError(scope, 'FileUnreadable', `${folder} does not exist; bundle the functions first`);
  return new lambda.LayerVersion(parent, 'Tracing', {
    description: 'Drydock: tracing of its functions',
    code: lambda.Code.fromAsset(folder),
    compatibleRuntimes: [lambda.Runtime.NODEJS_24_X],
    compatibleArchitectures: [lambda.Architecture.ARM_64],
  });
}
