import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ArnFormat, Duration, Names, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { stepNames } from '../pipeline/payloads.ts';
import { taskMachine } from '../pipeline/task.machine.ts';
import { grantsOf, needs, type Surroundings } from './access.ts';
import { acknowledgeWildcard, grant } from './grants.ts';
import { eventFunctions, type FunctionName, functionNames, pascal, propError, variables } from './names.ts';
import type { Network } from './network.ts';
import type { Sandbox } from './sandbox.ts';
import type { State } from './state.ts';

export interface ControlProps {
  state: State;
  network: Network;
  sandbox: Sandbox;
  /** Folder with one folder per function in it, each with `index.mjs`. */
  bundles: string;
  /** Of the logs. */
  removalPolicy: RemovalPolicy;
}

/** The state machine and its functions, and what hears that a sandbox has ended. */
export class Control extends Construct {
  readonly stateMachine: sfn.StateMachine;
  /** Messages about stopped tasks that no function could work off. */
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const stateMachineName = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' });
    const around: Surroundings = {
      state: props.state,
      cluster: props.sandbox.cluster,
      clusterName: props.sandbox.clusterName,
      taskPatterns: props.sandbox.taskPatterns,
      executionRoles: props.sandbox.executionRoles,
      stateMachine: stack.formatArn({
        service: 'states',
        resource: 'stateMachine',
        resourceName: stateMachineName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    };
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const functions = new Map(functionNames.map((name) => [name, this.#function(name, props, around)]));
    const functionOf = (name: FunctionName): lambda.Function => {
      const found = functions.get(name);
      if (!found) throw propError(this, 'Internal', `there is no function ${name}`);
      return found;
    };

    const role = new iam.Role(this, 'MachineRole', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    // A definition given as text grants nothing by itself.
    const steps = stepNames.map((name) => functionOf(name).functionArn);
    grant(role, [{ actions: ['lambda:InvokeFunction'], resources: steps }]);
    this.stateMachine = new sfn.StateMachine(this, 'Machine', {
      stateMachineName,
      role,
      definitionBody: sfn.DefinitionBody.fromString(
        stack.toJsonString(taskMachine((step) => functionOf(step).functionArn)),
      ),
      logs: {
        destination: new logs.LogGroup(this, 'MachineLog', {
          // Step Functions writes to groups of this prefix without a resource policy of the account, which are few.
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: logs.RetentionDays.THREE_MONTHS,
          removalPolicy: props.removalPolicy,
        }),
        level: sfn.LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: true,
    });
    acknowledgeWildcard(role, '*', 'Traces and the delivery of logs are resources of no ARN in IAM.');

    this.#hearStops(functionOf('settle-phase'), props.sandbox);
  }

  /** Also what EventBridge or Lambda could not hand over is kept, and somebody is told. */
  #hearStops(settlePhase: lambda.Function, sandbox: Sandbox): void {
    new events.Rule(this, 'TaskStopped', {
      description: 'A task of a phase has stopped: its end is reported to the run that waits for it',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Task State Change'],
        detail: { clusterArn: [sandbox.cluster], lastStatus: ['STOPPED'] },
      },
      targets: [
        new targets.LambdaFunction(settlePhase, {
          deadLetterQueue: this.deadLetters,
          retryAttempts: 10,
          maxEventAge: Duration.hours(2),
        }),
      ],
    });
    new cloudwatch.Alarm(this, 'DeadLettersAlarm', {
      alarmDescription: 'A stopped task could not be settled; its run waits until its phase times out',
      metric: this.deadLetters.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5) }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  #function(name: FunctionName, props: ControlProps, around: Surroundings): lambda.Function {
    const folder = join(props.bundles, name);
    if (!existsSync(join(folder, 'index.mjs'))) {
      throw propError(this, 'FileUnreadable', `${folder} holds no index.mjs; bundle the functions first`);
    }
    const scope = new Construct(this, pascal(name));
    const log = new logs.LogGroup(scope, 'Log', {
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy: props.removalPolicy,
    });
    const role = new iam.Role(scope, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    grant(role, [
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] },
      ...grantsOf(scope, name, around),
    ]);
    const event = (eventFunctions as readonly string[]).includes(name);
    return new lambda.Function(scope, 'Function', {
      description: event ? `Drydock: ${name}` : `Drydock: step ${name}`,
      code: lambda.Code.fromAsset(folder),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 512,
      // As long as the machine waits for a step, so that neither gives up before the other.
      timeout: Duration.minutes(5),
      role,
      logGroup: log,
      environment: environmentFor(name, props, around),
      ...(event ? { deadLetterQueue: this.deadLetters } : {}),
    });
  }
}

/** Names and addresses; a function without a need does not get the names that belong to it. */
function environmentFor(
  name: FunctionName,
  { state, network, sandbox }: ControlProps,
  around: Surroundings,
): Record<string, string> {
  const has = (...any: (typeof needs)[FunctionName][number][]) => any.some((need) => needs[name].includes(need));
  return {
    [variables.runs]: state.runs,
    [variables.ledger]: state.ledger,
    [variables.gates]: state.gates,
    [variables.artifacts]: state.artifacts,
    [variables.github]: state.github,
    ...(has('tokens') ? { [variables.key]: state.key } : {}),
    ...(has('answer') ? { [variables.stateMachine]: around.stateMachine } : {}),
    ...(has('models') ? { [variables.models]: state.models } : {}),
    ...(has('launch', 'stop') ? { [variables.cluster]: sandbox.cluster } : {}),
    ...(has('launch')
      ? {
          [variables.deployment]: state.deployment,
          [variables.sandboxTask]: sandbox.sandboxTask,
          [variables.gatewayTask]: sandbox.gatewayTask,
          [variables.sandboxSubnets]: network.sandboxSubnets.join(','),
          [variables.sandboxGroup]: network.sandboxGroup,
          [variables.gatewaySubnets]: network.gatewaySubnets.join(','),
          [variables.gatewayGroup]: network.gatewayGroup,
        }
      : {}),
  };
}
