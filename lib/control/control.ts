import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Policy } from '../../core/policy/schema.ts';
import { type StepName, stepNames } from '../../pipeline/payloads.ts';
import { taskMachine } from '../../pipeline/task.machine.ts';
import { AgentFiles } from '../functions/agent-files-layer.ts';
import { makeFunction } from '../functions/function.ts';
import { PolicyLayer } from '../functions/policy-layer.ts';
import { publish, recognizeLayers, versionsOn } from '../functions/versions.ts';
import { acknowledgeWildcard, grant } from '../iam/grant.ts';
import { machineArn } from '../iam/through-stores.ts';
import { type FunctionName, metricsNamespace, variables } from '../names.ts';
import type { Network } from '../network/network.ts';
import type { Sandbox } from '../sandbox/tasks.ts';
import { stackSuffix } from '../storage/kept.ts';
import type { State } from '../storage/state.ts';
import { Operate } from './command-line.ts';
import { Deliveries, deliveryTimeout } from './deliveries.ts';
import type { Domain } from './domain.ts';
import { Events } from './events.ts';
import { environmentOf } from './function-environment.ts';
import { needs } from './function-permissions.ts';
import { grantsOf, type PermissionContext } from './function-statements.ts';
import { WebApi } from './http-api.ts';
import { type OidcProps, type Pages, PagesKey } from './pages.ts';
import { Rotation } from './rotation.ts';

interface ControlProps {
  state: State;
  network: Network;
  sandbox: Sandbox;
  policy: Policy;
  /** Base folder of relative paths in the policy. */
  policyFolder: string | undefined;
  /** Name of the state machine, unique in the account and region. */
  machine: string;
  /** `:tag` or `@digest` of the gateway's image, then of the sandbox images. */
  images: string[];
  /** Folder with one subfolder per function, each with `index.mjs`. */
  bundles: string;
  /** The identity provider for sign-in; without it there are no pages. */
  oidc: OidcProps | undefined;
  /** Name of the API. */
  domain: Domain | undefined;
  /** Removal policy of the log groups. */
  removalPolicy: RemovalPolicy;
}

/**
 * Concurrent consumers of deliveries; 2 is the minimum of SQS. They may handle deliveries of one repository in
 * parallel.
 */
const workers = 2;
/** An HTTP API waits at most 30 seconds for a response. */
const httpTimeout = Duration.seconds(29);

type More = Pick<Parameters<typeof makeFunction>[2], 'deadLetters' | 'timeout' | 'versions'>;

/** The state machine, its functions, and the event sources that invoke functions outside of it. */
export class Control extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly functions: ReadonlyMap<FunctionName, lambda.Function>;
  /** Events that no function could handle. */
  readonly deadLetters: sqs.Queue;
  readonly deliveries: Deliveries;
  /** The endpoints for the command line. */
  readonly operate: Operate;
  readonly web: WebApi;
  readonly pages: Pages | undefined;

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    recognizeLayers(this);
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.deliveries = new Deliveries(this, 'Deliveries');
    const { removalPolicy } = props;
    this.web = new WebApi(this, 'Webhooks', { removalPolicy, domain: props.domain });
    const { origin } = this.web;
    const { pages, key } =
      props.oidc === undefined
        ? {}
        : new PagesKey(this, 'Sessions', { oidc: props.oidc, origin, key: props.state.key, removalPolicy });
    this.pages = pages;
    const make = this.#maker(props);
    const versions = versionsOn(props.state);
    const steps = new Map<StepName, lambda.Function>(stepNames.map((name) => [name, make(name, { versions })]));
    this.stateMachine = this.#machine(props, steps);

    const [settlePhase, settleRun] = (['settle-phase', 'settle-run'] as const).map((name) =>
      make(name, { deadLetters: this.deadLetters }),
    ) as [lambda.Function, lambda.Function];
    const reconcile = make('reconcile');
    new Events(this, 'Events', {
      cluster: props.sandbox.cluster,
      machine: props.machine,
      settlePhase,
      settleRun,
      reconcile,
      deadLetters: this.deadLetters,
    });

    // GitHub waits ten seconds for a response.
    const webhook = make('webhook', { timeout: Duration.seconds(10) });
    const webhookWorker = make('webhook-worker', { timeout: deliveryTimeout });
    webhookWorker.addEventSource(
      new SqsEventSource(this.deliveries.queue, {
        batchSize: 1,
        reportBatchItemFailures: true,
        maxConcurrency: workers,
      }),
    );
    const operate = make('operate', { timeout: httpTimeout });
    const diagnose = make('diagnose', { timeout: httpTimeout });
    const setup = make('setup', { timeout: httpTimeout });
    const rotate = make('rotate');
    setup.addEnvironment(variables.rotate, rotate.functionArn);
    grant(setup.role as iam.Role, [{ actions: ['lambda:InvokeFunction'], resources: [rotate.functionArn] }]);
    diagnose.addEnvironment(variables.webhookUrl, this.web.webhookUrl);
    this.operate = new Operate(this, 'CommandLine', {
      web: this.web,
      pages: this.pages,
      functions: { operate, diagnose, setup },
    });
    this.web.openWebhook(webhook);
    new Rotation(this, 'Rotation', {
      rotate,
      // That of the App has no value until `setup` stores it, which enables its rotation then.
      secrets: {
        DeploymentKey: props.state.deployment,
        ...(key ? { Sessions: key.secretArn } : {}),
      },
    });
    const page = this.pages && make('pages', { timeout: httpTimeout });
    if (page) this.web.openPages(page);
    this.functions = new Map<FunctionName, lambda.Function>([
      ...steps,
      ['settle-phase', settlePhase],
      ['settle-run', settleRun],
      ['reconcile', reconcile],
      ['webhook', webhook],
      ['webhook-worker', webhookWorker],
      ['operate', operate],
      ['diagnose', diagnose],
      ['setup', setup],
      ['rotate', rotate],
      ...(page ? [['pages', page] as const] : []),
    ]);
  }

  /** Lets `diagnose` read the state of these alarms. */
  watchAlarms(alarms: Alarm[]): void {
    const diagnose = this.functions.get('diagnose');
    diagnose?.addEnvironment(variables.alarms, alarms.map(({ alarmName }) => alarmName).join(','));
    const resources = alarms.map(({ alarmArn }) => alarmArn);
    grant(diagnose?.role as iam.Role, [{ actions: ['cloudwatch:DescribeAlarms'], resources }]);
  }

  #maker(props: ControlProps) {
    const { layer } = new PolicyLayer(this, 'Policy', props.policy);
    const agents = new AgentFiles(this, 'Agents', { policy: props.policy, folder: props.policyFolder }).layer;
    const layersOf = (name: FunctionName): lambda.ILayerVersion[] => [
      ...(needs[name].includes('policy') ? [layer] : []),
      ...(agents && needs[name].includes('launch') ? [agents] : []),
    ];
    const { queueArn, queueUrl } = this.deliveries.queue;
    const deadLetters = [this.deadLetters, this.deliveries.deadLetters];
    const mailFrom = props.policy.notify.email?.from;
    const { pages } = this;
    const permissions: PermissionContext = { ...props, mailFrom, queue: queueArn, deadLetters, pages };
    const environment = {
      ...props,
      stateMachine: machineArn(this, props.machine),
      queue: queueUrl,
      channels: [props.policy.notify.slack, props.policy.notify.email, props.policy.notify.webhook].some(Boolean),
      deadLetters,
      pages,
      metrics: metricsNamespace(this),
    };
    return (name: FunctionName, more: More = {}): lambda.Function =>
      makeFunction(this, name, {
        description: stepNames.some((step) => step === name) ? `Drydock: step ${name}` : `Drydock: ${name}`,
        bundles: props.bundles,
        removalPolicy: props.removalPolicy,
        grants: grantsOf(this, name, permissions),
        environment: environmentOf(name, environment),
        layers: layersOf(name),
        // It holds what a phase left, up to 150 MB, and its copy on the way to the store.
        memoryMb: needs[name].includes('collect') ? 1_024 : undefined,
        ...more,
      });
  }

  #machine(props: ControlProps, steps: Map<StepName, lambda.Function>): sfn.StateMachine {
    const stack = Stack.of(this);
    const role = new iam.Role(this, 'MachineRole', {
      assumedBy: new iam.ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    // CDK derives no grants from a definition that is given as text.
    const resources = [...steps.values()].map((step) => `${step.functionArn}:*`);
    const because = 'An execution calls the versions that were current when it started.';
    grant(role, [{ actions: ['lambda:InvokeFunction'], resources, because }]);
    const versions = new Map(
      [...steps].map(([name, step]) => [
        name,
        publish(step, needs[name].includes('launch') ? props.sandbox.revision : undefined),
      ]),
    );
    const machine = new sfn.StateMachine(this, 'Machine', {
      stateMachineName: props.machine,
      role,
      definitionBody: sfn.DefinitionBody.fromString(
        stack.toJsonString(taskMachine((step) => versions.get(step) ?? '', stack.partition)),
      ),
      logs: {
        destination: new logs.LogGroup(this, 'MachineLog', {
          // Log groups with this prefix need no CloudWatch resource policy; an account can have few of those.
          logGroupName: `/aws/vendedlogs/states/${props.machine}-${stackSuffix(this)}`,
          retention: logs.RetentionDays.THREE_MONTHS,
          removalPolicy: props.removalPolicy,
        }),
        level: sfn.LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: true,
    });
    acknowledgeWildcard(role, '*', 'Traces and log delivery have no resource ARN in IAM.');
    return machine;
  }
}
