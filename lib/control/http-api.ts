import { Names, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { webhookPath } from '../names.ts';
import { stackSuffix } from '../storage/kept.ts';

interface WebApiProps {
  /** Removal policy of the access log. */
  removalPolicy: RemovalPolicy;
}

type Handler = ConstructorParameters<typeof HttpLambdaIntegration>[1];

/** The only public endpoint. A function receives only the paths and methods that are opened here. */
export class WebApi extends Construct {
  /** Its URL, without a trailing slash. */
  readonly origin: string;
  readonly #http: api.HttpApi;

  constructor(scope: Construct, id: string, { removalPolicy }: WebApiProps) {
    super(scope, id);
    this.#http = new api.HttpApi(this, 'Api', {
      description: 'Drydock: webhook of the code host, command line, and pages',
      createDefaultStage: false,
    });
    const name = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' });
    const log = new logs.LogGroup(this, 'AccessLog', {
      // Log groups with this prefix need no CloudWatch resource policy; an account can have few of those.
      logGroupName: `/aws/vendedlogs/apis/${name}-${stackSuffix(this)}`,
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy,
    });
    new api.HttpStage(this, 'Stage', {
      httpApi: this.#http,
      stageName: '$default',
      autoDeploy: true,
      // GitHub and people send few requests; a flood gets 429 before it costs function time.
      throttle: { rateLimit: 20, burstLimit: 50 },
      accessLogSettings: { destination: new api.LogGroupLogDestination(log) },
    });
    const { region, urlSuffix } = Stack.of(this);
    this.origin = `https://${this.#http.apiId}.execute-api.${region}.${urlSuffix}`;
  }

  /** URL for the code host's deliveries. */
  get webhookUrl(): string {
    return `${this.origin}${webhookPath}`;
  }

  openWebhook(webhook: Handler): void {
    this.#open('Webhook', webhook, [[webhookPath, api.HttpMethod.POST]], {
      because: 'A code host has no IAM identity: it signs the body, and the function rejects unsigned requests.',
    });
  }

  openPages(pages: Handler): void {
    this.#open(
      'Pages',
      pages,
      [
        ['/', api.HttpMethod.GET],
        ['/{proxy+}', api.HttpMethod.GET],
        ['/{proxy+}', api.HttpMethod.POST],
      ],
      {
        because:
          'People sign in by browser redirects, which an authorizer cannot send; the function requires a session.',
      },
    );
  }

  /** Opens `POST path` to callers that IAM authorizes. @returns The ARN to grant. */
  openToIam(id: string, path: string, handler: Handler): string {
    const integration = new HttpLambdaIntegration(id, handler);
    const authorizer = new HttpIamAuthorizer();
    this.#http.addRoutes({ path, methods: [api.HttpMethod.POST], integration, authorizer });
    return this.#http.arnForExecuteApi('POST', path, '$default');
  }

  #open(id: string, handler: Handler, routes: [string, api.HttpMethod][], { because }: { because: string }): void {
    const integration = new HttpLambdaIntegration(id, handler);
    for (const [path, method] of routes) {
      const authorizer = new api.HttpNoneAuthorizer();
      for (const route of this.#http.addRoutes({ path, methods: [method], integration, authorizer })) {
        Validations.of(route).acknowledge({ id: 'AwsSolutions::AwsSolutions-APIG4', reason: because });
      }
    }
  }
}
