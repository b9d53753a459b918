import { Duration, Names, type RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Deliveries are kept as long as SQS keeps anything. */
const kept = Duration.days(14);
/** Six times what the consumer may take, so that a message is not handed out again while it is worked on. */
const workedOn = Duration.minutes(30);
/** With 30 minutes between them, a code host may be away for four hours. */
const attempts = 8;

/** Messages of the code host that wait to be worked on, and those that could not be. */
export class Deliveries extends Construct {
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const common = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: kept };
    this.deadLetters = new sqs.Queue(this, 'DeadLetters', common);
    this.queue = new sqs.Queue(this, 'Queue', {
      ...common,
      visibilityTimeout: workedOn,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: attempts },
    });
  }
}

export interface WebhookApiProps {
  webhook: ConstructorParameters<typeof HttpLambdaIntegration>[1];
  /** Of the access log. */
  removalPolicy: RemovalPolicy;
}

/** `POST /webhook`, and what others add: no other path or method reaches a function. */
export class WebhookApi extends Construct {
  readonly http: api.HttpApi;
  /** Of the stage, with a slash at the end. */
  readonly baseUrl: string;
  /** Where the code host sends its messages. */
  readonly url: string;

  constructor(scope: Construct, id: string, { webhook, removalPolicy }: WebhookApiProps) {
    super(scope, id);
    const http = new api.HttpApi(this, 'Api', {
      description: 'Drydock: webhook of the code host',
      createDefaultStage: false,
    });
    const [route] = http.addRoutes({
      path: '/webhook',
      methods: [api.HttpMethod.POST],
      integration: new HttpLambdaIntegration('Webhook', webhook),
      authorizer: new api.HttpNoneAuthorizer(),
    });
    Validations.of(route as api.HttpRoute).acknowledge({
      id: 'AwsSolutions::AwsSolutions-APIG4',
      reason: 'A code host has no login here: it signs the body, and the function refuses what is not signed.',
    });
    const name = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' });
    const log = new logs.LogGroup(this, 'AccessLog', {
      // Groups of this prefix need no resource policy of the account, which are few.
      logGroupName: `/aws/vendedlogs/apis/${name}`,
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy,
    });
    const stage = new api.HttpStage(this, 'Stage', {
      httpApi: http,
      stageName: '$default',
      autoDeploy: true,
      // GitHub sends a handful a minute; a flood is answered 429 before it costs a function.
      throttle: { rateLimit: 20, burstLimit: 50 },
      accessLogSettings: { destination: new api.LogGroupLogDestination(log) },
    });
    this.http = http;
    this.baseUrl = stage.url;
    this.url = `${stage.url}webhook`;
  }
}
