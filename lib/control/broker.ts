import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { makeFunction } from '../functions/function.ts';
import { grant } from '../iam/grant.ts';
import { throughStores } from '../iam/through-stores.ts';
import { variables } from '../names.ts';
import { bucketArn, type State } from '../storage/state.ts';
import { grantsOf, type Surroundings } from './function-statements.ts';

interface BrokerProps {
  state: State;
  bundles: string;
  removalPolicy: RemovalPolicy;
}

/**
 * The only thing a gateway's own role may call. It checks the grant that the gateway shows, and gives out what that one
 * phase needs: a read token of one repository, keys of the allowed models, and credentials for the phase's folder.
 */
export class Broker extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, { state, bundles, removalPolicy }: BrokerProps) {
    super(scope, id);
    // The role of the folders trusts the broker's role, so that one has to be there first.
    this.function = makeFunction(this, 'broker', {
      description: 'Drydock: gives the gateway of a phase what its grant allows',
      bundles,
      removalPolicy,
      grants: grantsOf(this, 'broker', { state } as Surroundings),
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

  /** All phases' folders; the broker assumes it with a session policy that leaves one. */
  #phaseFiles(state: State): iam.Role {
    const role = new iam.Role(this, 'PhaseFiles', {
      description: "A phase's folder in the bucket; assumed by the broker for one phase at a time",
      assumedBy: new iam.ArnPrincipal((this.function.role as iam.Role).roleArn),
      maxSessionDuration: Duration.hours(1),
    });
    grant(role, [
      {
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: ['phases', 'cache'].map((part) => `${bucketArn(this, state.artifacts)}/${part}/*`),
        because: 'A session policy narrows it to the one phase of the grant; archives in the cache have a checksum.',
      },
      throughStores(this, state.key, 's3'),
    ]);
    return role;
  }
}
