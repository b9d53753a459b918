import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { makeFunction } from '../functions/function.ts';
import { grant } from '../iam/grant.ts';
import { throughStores } from '../iam/through-stores.ts';
import { variables } from '../names.ts';
import { bucketArn, type State } from '../storage/state.ts';
import { grantsOf, type PermissionContext } from './function-statements.ts';

interface BrokerProps {
  state: State;
  bundles: string;
  removalPolicy: RemovalPolicy;
}

/**
 * The only function that a gateway's own role may invoke. It verifies the grant of the gateway and returns the
 * credentials of that one phase: a read token for one repository, keys of the allowed models, and credentials for the
 * phase's folder.
 */
export class Broker extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, { state, bundles, removalPolicy }: BrokerProps) {
    super(scope, id);
    // The trust policy of the folders' role names the broker's role, so the broker is created first.
    this.function = makeFunction(this, 'broker', {
      description: 'Drydock: gives the gateway of a phase the credentials of its grant',
      bundles,
      removalPolicy,
      grants: grantsOf(this, 'broker', { state } as PermissionContext),
      environment: {
        [variables.gates]: state.gates,
        [variables.artifacts]: state.artifacts,
        [variables.key]: state.key,
        [variables.github]: state.github,
        [variables.models]: state.models,
        [variables.deployment]: state.deployment,
      },
      timeout: Duration.minutes(1),
    });
    const files = this.#phaseFiles(state);
    grant(this.function.role as iam.Role, [{ actions: ['sts:AssumeRole'], resources: [files.roleArn] }]);
    this.function.addEnvironment(variables.phaseFiles, files.roleArn);
  }

  /** Access to the folders of all phases. The broker assumes this role with a session policy for one folder. */
  #phaseFiles(state: State): iam.Role {
    const role = new iam.Role(this, 'PhaseFiles', {
      description: 'Folders of phases in the bucket; the broker assumes this role for one phase at a time',
      assumedBy: new iam.ArnPrincipal((this.function.role as iam.Role).roleArn),
      maxSessionDuration: Duration.hours(1),
    });
    grant(role, [
      {
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: ['phases', 'cache'].map((part) => `${bucketArn(this, state.artifacts)}/${part}/*`),
        because:
          'A session policy limits it to the phase of the grant; archives in the cache are verified by checksum.',
      },
      {
        actions: ['s3:GetObject'],
        resources: [`${bucketArn(this, state.artifacts)}/agents/*`],
        because: 'A session policy limits it to the files of the one profile, by their digest.',
      },
      throughStores(this, state.key, 's3'),
    ]);
    return role;
  }
}
