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
import { acknowledgeWildcard, grant } from '../iam/grant.ts';
import { machineArn } from '../iam/through-stores.ts';
import { type FunctionName, variables } from '../names.ts';
import type { Network } from '../network/network.ts';
import type { Sandbox } from '../sandbox/tasks.ts';
import type { State } from '../storage/state.ts';
import { Operate } from './command-line.ts';
import { Deliveries } from './deliveries.ts';
import { Events } from './events.ts';
import { environmentOf } from './function-environment.ts';
import { needs } from './function-permissions.ts';
import { grantsOf, type Surroundings } from './function-statements.ts';
import { WebApi } from './http-api.ts';
import { type OidcProps, type Pages, PagesKey } from './pages.ts';
import { Rotation } from './rotation.ts';

interface ControlProps {
  state: State;
  network: Network;
  sandbox: Sandbox;
  policy: Policy;
  /** Folder that its paths are meant from. */
  policyFolder: string | undefined;
  /** Name of the state machine, unique in account and region. */
  machine: string;
  /** `:tag` or `@digest` of the gateway's image, then of those of sandboxes. */
  images: string[];
  /** Folder with one folder per function in it, each with `index.mjs`. */
  bundles: string;
  /** Who people sign in with; without, there are no pages. */
  oidc: OidcProps | undefined;
  /** Whether the App's secret has its value already, so that its rotation can be set up. */
  appIsThere: boolean;
  /** Of the logs. */
  removalPolicy: RemovalPolicy;
}

/** At most so many consumers of deliveries; SQS takes no fewer. Two messages of one moment may well be of one repository. */
const workers = 2;
/** An HTTP API waits half a minute for an answer, and a second less than that is still one. */
const answered = Duration.seconds(29);

/** The state machine, its functions, and what calls functions from elsewhere. */
export class Control extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly functions: ReadonlyMap<FunctionName, lambda.Function>;
  /** Events that no function could work off. */
  readonly deadLetters: sqs.Queue;
  readonly deliveries: Deliveries;
  /** The ways in for the command line. */
  readonly operate: Operate;
  readonly web: WebApi;
  readonly pages: Pages | undefined;

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id);
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.deliveries = new Deliveries(this, 'Deliveries');
    const { removalPolicy } = props;
    this.web = new WebApi(this, 'Webhooks', { removalPolicy });
    const { origin } = this.web;
    const { pages, key } =
      props.oidc === undefined
        ? {}
        : new PagesKey(this, 'Sessions', { oidc: props.oidc, origin, key: props.state.key, removalPolicy });
    this.pages = pages;
    const make = this.#maker(props);
    const steps = new Map<StepName, lambda.Function>(stepNames.map((name) => [name, make(name)]));
    this.stateMachine = this.#machine(props, steps);

    const [settlePhase, settleRun] = (['settle-phase', 'settle-run'] as const).map((name) =>
      make(name, { deadLetters: this.deadLetters }),
    ) as [lambda.Function, lambda.Function];
    // Two at once would only do the same work.
    const reconcile = make('reconcile', { atOnce: 1 });
    new Events(this, 'Events', {
      cluster: props.sandbox.cluster,
      machine: props.machine,
      settlePhase,
      settleRun,
      reconcile,
      deadLetters: this.deadLetters,
    });

    // GitHub waits ten seconds for an answer.
    const webhook = make('webhook', { timeout: Duration.seconds(10) });
    const webhookWorker = make('webhook-worker');
    webhookWorker.addEventSource(
      new SqsEventSource(this.deliveries.queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency: workers,
      }),
    );
    const operate = make('operate', { timeout: answered });
    const diagnose = make('diagnose', { timeout: answered });
    const setup = make('setup', { timeout: answered });
    diagnose.addEnvironment(variables.webhookUrl, this.web.webhookUrl);
    this.operate = new Operate(this, 'CommandLine', {
      web: this.web,
      pages: this.pages,
      functions: { operate, diagnose, setup },
    });
    this.web.openWebhook(webhook);
    const rotate = make('rotate');
    const { deployment, github } = props.state;
    new Rotation(this, 'Rotation', {
      rotate,
      secrets: {
        DeploymentKey: deployment,
        ...(props.appIsThere ? { WebhookSecret: github } : {}),
        ...(key ? { Sessions: key.secretArn } : {}),
      },
    });
    const page = this.pages && make('pages', { timeout: answered });
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

  /** Lets `diagnose` see how these stand. */
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
    const around: Surroundings = { ...props, mailFrom, queue: queueArn, deadLetters, pages };
    const places = { ...props, stateMachine: machineArn(this, props.machine), queue: queueUrl, deadLetters, pages };
    return (
      name: FunctionName,
      more: { deadLetters?: sqs.IQueue; atOnce?: number; timeout?: Duration } = {},
    ): lambda.Function =>
      makeFunction(this, name, {
        description: stepNames.some((step) => step === name) ? `Drydock: step ${name}` : `Drydock: ${name}`,
        bundles: props.bundles,
        removalPolicy: props.removalPolicy,
        grants: grantsOf(this, name, around),
        environment: environmentOf(name, places),
        layers: layersOf(name),
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
    // A definition given as text grants nothing by itself.
    const resources = [...steps.values()].map((step) => step.functionArn);
    grant(role, [{ actions: ['lambda:InvokeFunction'], resources }]);
    const machine = new sfn.StateMachine(this, 'Machine', {
      stateMachineName: props.machine,
      role,
      definitionBody: sfn.DefinitionBody.fromString(
        stack.toJsonString(taskMachine((step) => steps.get(step as StepName)?.functionArn ?? '')),
      ),
      logs: {
        destination: new logs.LogGroup(this, 'MachineLog', {
          // Step Functions writes to groups of this prefix without a resource policy of the account, which are few.
          logGroupName: `/aws/vendedlogs/states/${props.machine}`,
          retention: logs.RetentionDays.THREE_MONTHS,
          removalPolicy: props.removalPolicy,
        }),
        level: sfn.LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: true,
    });
    acknowledgeWildcard(role, '*', 'Traces and the delivery of logs are resources of no ARN in IAM.');
    return machine;
  }
}
