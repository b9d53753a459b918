import { Names, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as api from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { webhookPath } from '../names.ts';

interface WebApiProps {
  /** Of the access log. */
  removalPolicy: RemovalPolicy;
}

type Handler = ConstructorParameters<typeof HttpLambdaIntegration>[1];

/** The one address that is reached from outside: no path or method comes to a function but those that are opened here. */
export class WebApi extends Construct {
  /** Its address, without a slash at the end. */
  readonly origin: string;
  readonly #http: api.HttpApi;

  constructor(scope: Construct, id: string, { removalPolicy }: WebApiProps) {
    super(scope, id);
    this.#http = new api.HttpApi(this, 'Api', {
      description: 'Drydock: webhook of the code host, command line, and pages where there are any',
      createDefaultStage: false,
    });
    const name = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' });
    const log = new logs.LogGroup(this, 'AccessLog', {
      // Groups of this prefix need no resource policy of the account, which are few.
      logGroupName: `/aws/vendedlogs/apis/${name}`,
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy,
    });
    new api.HttpStage(this, 'Stage', {
      httpApi: this.#http,
      stageName: '$default',
      autoDeploy: true,
      // GitHub sends a handful a minute, people click; a flood is answered 429 before it costs a function.
      throttle: { rateLimit: 20, burstLimit: 50 },
      accessLogSettings: { destination: new api.LogGroupLogDestination(log) },
    });
    const { region, urlSuffix } = Stack.of(this);
    this.origin = `https://${this.#http.apiId}.execute-api.${region}.${urlSuffix}`;
  }

  /** Where the code host sends its messages. */
  get webhookUrl(): string {
    return `${this.origin}${webhookPath}`;
  }

  openWebhook(webhook: Handler): void {
    this.#open('Webhook', webhook, [[webhookPath, api.HttpMethod.POST]], {
      because: 'A code host has no login here: it signs the body, and the function refuses what is not signed.',
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
          'People sign in by redirects of their browser, which an authorizer cannot send; the function lets nobody in without a session.',
      },
    );
  }

  /** Opens `POST path` to whom IAM lets call it, and gives the ARN to grant. */
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
